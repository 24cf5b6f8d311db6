"""A small finished chapter made by hand, with everything in it that has broken an export somewhere."""

from __future__ import annotations

import struct
import zlib
from datetime import date

from chapter_pipeline.domain import (
    Abbreviation,
    ChapterText,
    EvidenceRow,
    FinalChapter,
    Gap,
    GapReport,
    GapStatistics,
    GapType,
    NumberedFigure,
    Paragraph,
    PlannedFigure,
    Quote,
    Reference,
    Section,
    Sentence,
    Severity,
    Source,
    Subsection,
)
from chapter_pipeline.domain.document import StudyType

# Each is markup, a macro or an entity in at least one of the formats, and must be read as it stands in all of them.
HOSTILE = (
    "<script>alert(1)</script>",
    "$\\input{/etc/passwd}$",
    '#import "@preview/x:1.0.0": *',
    "[@santarius2009]",
    "*star* _under_ `tick` ~tilde~ ^caret^",
    "&lt;b&gt; &amp; &#35;",
    "// comment /* hidden */ <label>",
    "a -- b --- c ... d -? e",
    "![x](https://evil.example/x.png)",
    "{{braces}} \\begin{x} %percent #hash @at |pipe|",
    "![[wiki]] :::{.note} $x^2$ ~~gone~~",
)
IMAGE = "7" * 64
SYMBOLS = "α-synuclein ≥ 5 µg · cm² at 10⁻³ mol, ±2 °C → p ≤ 0.05, Ångström, naïve"


def png(width: int = 320, height: int = 200) -> bytes:
    """A plain grey PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + bytes((x * 255 // width) for x in range(width)) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def source(key: str, **fields: object) -> Source:
    values: dict[str, object] = {
        "key": key,
        "document": f"inbox/{key}.pdf",
        "title": "Trial of colloid cyst surgery",
        "authors": ("Santarius, Thomas", "Kirkpatrick, Peter J", "Hutchinson, Peter J"),
        "year": 2009,
        "journal": "The Lancet",
        "volume": "374",
        "issue": "9695",
        "pages": "1067-1073",
        "doi": "10.1016/S0140-6736(09)61115-6",
        "licence": "CC BY 4.0",
        "study_type": StudyType.RANDOMISED_TRIAL,
        "evidence_level": 2,
    }
    return Source.model_validate(values | fields)


def quote(key: str, source_key: str, page: int, text: str, start: int = 0) -> Quote:
    return Quote(
        key=key,
        source=source_key,
        document=f"inbox/{source_key}.pdf",
        page=page,
        start=start,
        end=start + len(text),
        text=text,
        display=text,
        document_section=None,
        study_type=StudyType.COHORT,
        evidence_level=3,
        year=2009,
        relevance=0.9,
    )


def sentence(text: str, *quotes: str) -> Sentence:
    return Sentence(text=text, quotes=quotes)


def subsection(title: str | None, *paragraphs: tuple[Sentence, ...]) -> Subsection:
    return Subsection(title=title, paragraphs=tuple(Paragraph(sentences=sentences) for sentences in paragraphs))


SOURCES = (
    source("santarius2009"),
    source(
        "mueller2021",
        title="Ätiologie & <i>outcome</i> of DNA-repair in {GBM}: a $5 question #1",
        authors=("Müller, Jörg", "The Study Group for Cysts", "Jan van der Berg"),
        year=2021,
        journal="Acta Neurochirurgica",
        volume="163",
        issue=None,
        pages="12-30",
        doi="10.1007/s00701-021-04567-8",
        licence=None,
        study_type=StudyType.COHORT,
        evidence_level=3,
    ),
    source(
        "who2016",
        document=None,
        title="Classification of tumours",
        authors=("World Health Organization",),
        year=2016,
        journal=None,
        volume=None,
        issue=None,
        pages=None,
        doi=None,
        licence=None,
        study_type=StudyType.UNKNOWN,
        evidence_level=5,
    ),
)

QUOTES = (
    quote("q1", "santarius2009", 5, "Recurrence was 9.3% with a drain and 24% without."),
    quote("q2", "santarius2009", 7, "Mortality at six months fell from 18.1% to 8.6%."),
    quote("q3", "mueller2021", 3, f"We saw {SYMBOLS}."),
    quote("q4", "who2016", 12, "Grade I lesions grow slowly."),
    quote("q5", "santarius2009", 5, "Drains were left for 48 hours.", start=300),
    *(quote(f"h{index}", "mueller2021", 20 + index, f"Literal: {words}") for index, words in enumerate(HOSTILE)),
    quote("unused", "who2016", 99, "Nobody cites this sentence."),
)

SECTIONS = (
    Section(
        kind="introduction",
        title="Introduction",
        status="written",
        subsections=(
            subsection(
                None,
                (
                    sentence("A drain lowers recurrence.", "q1", "q5"),
                    sentence("It lowers mortality and recurrence; grade I lesions grow slowly.", "q4", "q2", "q1"),
                    sentence("The next part tells how."),
                ),
            ),
            Subsection(
                title="Measured values",
                paragraphs=(
                    Paragraph(
                        label="Cohort studies",
                        sentences=(sentence(f"Values such as {SYMBOLS} were reported.", "q3"),),
                    ),
                ),
            ),
        ),
    ),
    Section(
        kind="surgical_technique",
        title="Surgical technique of #1 & <b>more</b>",
        status="written",
        subsections=(
            subsection(
                "Steps *to take*",
                *((sentence(f"Literal: {words}", f"h{index}"),) for index, words in enumerate(HOSTILE)),
            ),
        ),
        evidence_table=(
            EvidenceRow(
                source="santarius2009",
                study_type=StudyType.RANDOMISED_TRIAL,
                evidence_level=2,
                year=2009,
                finding=sentence("Recurrence was 9.3% with a drain and 24% without.", "q1"),
            ),
            EvidenceRow(
                source="mueller2021",
                study_type=StudyType.COHORT,
                evidence_level=3,
                year=2021,
                finding=sentence("Literal: <script>alert(1)</script> | pipe", "h0"),
            ),
        ),
    ),
    Section(kind="follow_up", title="Follow-up", status="unused"),
)

FIGURE = NumberedFigure(
    number=1,
    section="introduction",
    figure=PlannedFigure(
        sha256=IMAGE,
        source="mueller2021",
        document="inbox/mueller2021.pdf",
        page=12,
        label="Fig. 2",
        caption="Fig. 2. Axial <T2> image at 3 T of a #cyst & its *wall*.",
        licence="CC BY 4.0",
        media_type="image/png",
    ),
    reference=2,
)

CHAPTER = ChapterText(
    slug="colloid-cyst",
    title="Colloid cyst of the third ventricle & <others> #1",
    topic="Colloid cyst",
    sections=SECTIONS,
    # Not in order of first citation on purpose: the numbers printed have to be these.
    references=(
        Reference(number=3, source=SOURCES[2]),
        Reference(number=1, source=SOURCES[0]),
        Reference(number=2, source=SOURCES[1]),
    ),
    figures=(FIGURE,),
    quotes={one.key: one for one in QUOTES},
    key_points=(sentence("Grade I lesions grow slowly.", "q4"), sentence("Leave a drain.", "q1")),
    abbreviations=(Abbreviation(short="GBM", long="glioblastoma"), Abbreviation(short="CSF", long="liquor & more")),
)

FINAL = FinalChapter(
    chapter=CHAPTER,
    gap_report=GapReport(
        completeness_score=0.62,
        requires_revision=True,
        gaps=(
            Gap(
                type=GapType.TEMPORAL_COVERAGE,
                severity=Severity.LOW,
                description="No source is newer than 2021",
                recommendation="Search again.",
            ),
            Gap(
                type=GapType.CRITICAL_INFORMATION,
                severity=Severity.CRITICAL,
                description="Nothing on emergency shunting <b>",
                recommendation="Add sources on acute hydrocephalus",
                section="surgical_technique",
            ),
        ),
        statistics=GapStatistics(critical_gaps=2, high_gaps=3, medium_gaps=0, low_gaps=1),
    ),
    cutoff_date=date(2026, 3, 1),
    providers=("extractive",),
    notes=("Retractions were not checked.",),
)

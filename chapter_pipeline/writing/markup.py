"""Owns a section as a person edits it: Markdown in which each sentence ends in the keys of its quotations.

``Recurrence was 9.3% with a drain [@q1a2b3c4d5e6].`` The form of the keys is pandoc's for citations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from chapter_pipeline.documents.structure.passages import sentence_spans
from chapter_pipeline.domain import Paragraph, Quote, Section, Sentence, Source, Subsection
from chapter_pipeline.errors import UsageError

_CITED = re.compile(r"\s*\[(?P<keys>@[^\]\n]*)\](?P<stop>[.!?]?)")
_LABEL = re.compile(r"\*(?P<label>[^*\n]+)\*\s+")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HELP = (
    "Each sentence ends in the keys of the quotations it stands on, before its full stop. ### begins a sub-section, "
    "*...* at the beginning of a paragraph says what kind of study it rests on. What stands in comments is not read."
)


def section_source(section: Section, quotes: Mapping[str, Quote], others: Iterable[Quote] = ()) -> str:
    """`section` as Markdown that `parsed_section` reads; below it, as a comment, what it cites and `others` it may cite."""
    lines = [f"# {section.title}", f"<!-- {_HELP} -->"]
    cited: dict[str, Quote] = {}
    for subsection in section.subsections:
        if subsection.title:
            lines.append(f"### {subsection.title}")
        for paragraph in subsection.paragraphs:
            label = f"*{paragraph.label}* " if paragraph.label else ""
            claims = [sentence for sentence in paragraph.sentences if sentence.quotes]
            cited |= {key: quotes[key] for sentence in claims for key in sentence.quotes}
            lines.append(label + " ".join(_sentence_source(sentence) for sentence in claims))
    listed = [*cited.values(), *(quote for quote in others if quote.key not in cited)]
    shown = "\n".join(
        f"@{quote.key} {quote.source}, {_commented(quote.place)}, {quote.study_type.value}: {_commented(quote.display)}"
        for quote in listed
    )
    return "\n\n".join([*lines, f"<!-- Quotations that it may cite:\n{shown}\n-->"]) + "\n"


def _commented(text: str) -> str:
    """`text` as it may stand in a comment."""
    return text.replace("-->", "--")


def _sentence_source(sentence: Sentence) -> str:
    text = sentence.text
    stop = text[-1] if text.endswith((".", "!", "?")) else ""
    keys = "; ".join(f"@{key}" for key in sentence.quotes)
    return f"{text.removesuffix(stop)} [{keys}]{stop}"


def parsed_section(
    text: str, before: Section, *, quotes: Mapping[str, Quote], sources: Mapping[str, Source], by: str
) -> Section:
    """The section of a person's `text`; figures and the table of findings are those of `before`.

    Raises `UsageError` that names a key which is no quotation's, a sentence without one, or that there is no text.
    """
    title, subsections = before.title, list[Subsection]()
    heading: str | None = None
    paragraphs: list[Paragraph] = []
    for block in re.split(r"\n\s*\n", _COMMENT.sub("", text.replace("\r\n", "\n"))):
        words = " ".join(block.split())
        if not words:
            continue
        if words.startswith("### "):
            _close(subsections, heading, paragraphs)
            heading, paragraphs = words.removeprefix("### ").strip(), []
        elif words.startswith("# "):
            title = words.removeprefix("# ").strip() or title
        elif words.startswith("#"):
            raise UsageError(f"{words[:60]!r} is no heading of a section: use # for its title, ### for a sub-section")
        else:
            paragraphs.append(_paragraph(words, quotes))
    _close(subsections, heading, paragraphs)
    if not subsections:
        raise UsageError("the file holds no sentence: to leave a section out, drop it in the chapter's brief")
    made = Section(
        kind=before.kind, title=title, status="written", subsections=tuple(subsections),
        evidence_table=before.evidence_table, question_tables=before.question_tables, figures=before.figures, provider="person", model=by, kept=True,
        origin=f"edited by {by}",
    )  # fmt: skip
    return with_own_evidence(made, quotes, sources)


def with_own_evidence(section: Section, quotes: Mapping[str, Quote], sources: Mapping[str, Source]) -> Section:
    """`section` with all that it cites, so that it stands when the plan of another day no longer holds it."""
    claims = [*section.sentences, *section.table_claims]
    cited = dict.fromkeys(key for sentence in claims for key in sentence.quotes)
    own = tuple(quotes[key] for key in cited)
    named = dict.fromkeys([*(quote.source for quote in own), *(figure.source for figure in section.figures)])
    return section.model_copy(update={"quotes": own, "sources": tuple(sources[key] for key in named)})


def _close(subsections: list[Subsection], heading: str | None, paragraphs: Sequence[Paragraph]) -> None:
    if paragraphs:
        subsections.append(Subsection(title=heading, paragraphs=tuple(paragraphs)))


def _paragraph(words: str, quotes: Mapping[str, Quote]) -> Paragraph:
    label = _LABEL.match(words)
    rest = words[label.end() :] if label else words
    sentences: list[Sentence] = []
    start = 0
    for cited in _CITED.finditer(rest):
        said = rest[start : cited.start()].strip()
        keys = tuple(dict.fromkeys(key.strip().removeprefix("@") for key in re.split("[;,]", cited["keys"])))
        unknown = [key for key in keys if key not in quotes]
        if unknown:
            raise UsageError(
                f"no quotation of this chapter has the key {unknown[0]!r}: `chapters show SLUG --section KIND` lists "
                "those that the section may cite"
            )
        *uncited, claim = [said[one:end] for one, end in sentence_spans(said)] or [said]
        if uncited:
            raise _without_quotation(uncited[0])
        if not claim:
            raise UsageError(f"the keys {cited['keys']!r} stand behind no sentence")
        sentences.append(Sentence(text=claim + cited["stop"], quotes=keys))
        start = cited.end()
    if rest[start:].strip():
        raise _without_quotation(rest[start:].strip())
    return Paragraph(label=label["label"].strip() if label else None, sentences=tuple(sentences))


def _without_quotation(said: str) -> UsageError:
    return UsageError(
        f"{said[:80]!r} cites no quotation: end it in the key of one, as in “… [@q1a2b3c4d5e6].”, or take it out"
    )

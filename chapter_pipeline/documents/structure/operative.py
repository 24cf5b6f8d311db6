"""Owns what tells operative technique from research methods: how an operation on patients is done, step by step."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chapter_pipeline.domain.document import BlockKind, Heading, Page, SectionKind

OPERATIVE_SECTION = "Operative technique"
"""How the name of a section of operative technique begins, as that of a subsection of the methods with ``Methods``."""
LOOKED_AT = 1500
"""Characters of a section's text that are read: an operation is told from its first step on."""
SUBJECT_WITHIN = 400
"""Characters within which a section says on whom the operation was done, when it was no patient."""
ENOUGH, ENOUGH_WITH_TITLE = 4, 2
"""Distinct steps and instruments of an operation in that text; fewer where the title names an operation."""

_ABOVE = frozenset({None, SectionKind.METHODS, SectionKind.OPERATIVE, SectionKind.CASE})
"""What the sections above one of operative technique may be."""
_NAMED = re.compile(
    r"\b(?:(?:micro)?surg(?:ery|ical)|operati(?:ve|on)|techni(?:que|cal note)|approach(?:es)?|how (?:we|i) do it|exposure|closure|"
    r"positioning|implantation|embolisation|embolization|thrombectomy|ablation|craniotomy|craniectomy|fusion|"
    r"decompression|resection|biopsy|injection|puncture|an(?:a)?esthe\w+|procedure|intervention|mapping|step \d)",
    re.IGNORECASE,
)
_NOT_NAMED = re.compile(
    r"\b(?:outcomes?|results?|findings|complications?|data|variables?|definitions?|statistic\w*|randomi[sz]ation|groups?|"
    r"cost|quality of life|volume|experience|training|site infection|planning|imaging|measure\w*|assess\w*|follow-up|study|"
    r"analys[ei]s)\b",
    re.IGNORECASE,
)
_ANIMALS = re.compile(
    r"\b(?:mice|mouse|rats?|rabbits?|swine|pigs?|piglets?|sheep|dogs|macaques?|monkeys?|cadavers?|cadaveric|"
    r"specimens were|animals?)\b",
    re.IGNORECASE,
)
_STEPS = tuple(
    re.compile(rf"\b(?:{step})".lower())
    for step in (
        r"incisions?\b|incised", r"craniotom|craniectom|bone flap|hemicraniectom", r"burr[- ]?holes?", r"dura\b|dural|durotomy|duraplast",
        r"supine|prone\b|decubitus|sitting position|positioned|position\b|head (?:was|is) (?:turned|fixed|flexed)|pin holder|mayfield",
        r"general an(?:a)?esthesia|local an(?:a)?esthe|intubat|propofol|sedat|induction of an", r"retract(?:ed|or|ion|s)\b",
        r"dissect(?:ed|ion|or|s)\b|undermined|mobili[sz]ed", r"drill(?:ed|ing|s)?\b|rongeur\w*|curett\w*|reamed",
        r"sutur\w+|stapl\w+|closed (?:in layers|with|without)|closure|stitch\w*", r"ha?emosta\w+|coagulat\w+|cauter\w+|bleeding",
        r"guide ?wires?|wire\b|micro-?catheters?|guid(?:e|ing) catheter|catheteri[sz]ed|cannulat\w+", r"sheath|introducer|trocars?|port\b",
        r"needle|puncture\w*|percutaneous\w*", r"fluoroscop\w+|roadmap|navigation|ultrasound guidance|CT[- ]guid|under (?:CT|ultrasound|X-ray)",
        r"screws?\b|cage\b|plate\b|rods?\b|implant(?:s|ed)?\b", r"clip(?:s|ped|ping)?\b|coils?\b|stents?\b|balloon|deployed|diverter",
        r"endoscop\w+|microscop\w+|tubular", r"resect(?:ed|ion|s)\b|excis\w+|remov(?:ed|al)|evacuated|debulk\w+|aspirat\w+",
        r"electrodes?\b|leads?\b|generator|stereotactic frame", r"irrigat\w+|drain(?:s|age)?\b|tunnel\w+|valve|reservoir",
        r"flap\b|graft\w*|anastomos\w+|ligat\w+|arachnoid|sylvian|fascia|muscle|lamina\b|ligament\w*|pedicle|foramen|arter(?:y|ies)|vein",
        r"cement|embolic|copolymer|polymethyl\w+|ethylene vinyl", r"tourniquet|draped|prepped|disinfect\w+|prophyla\w+ antibiotic|rinse",
        r"surgeons?\b|operat(?:ed|or|ing room)", r"stimulation (?:was|at|has)|evoked potentials|test(?:ed)? intraoperativ",
    )
)  # fmt: skip
_RESEARCH = tuple(
    re.compile(rf"\b(?:{word})".lower())
    for word in (
        r"randomi[sz]\w+|allocat\w+|assigned", r"eligib\w+|inclusion|exclusion criteria|enrol\w+|recruit\w+", r"questionnaires?|surveys?|interview\w*",
        r"scores?\b|scales?\b|index\b", r"outcomes?\b|end-?points?", r"statistic\w*|analys\w+|regression|software|confidence interval",
        r"informed consent|committee|registered", r"sample size|power\b", r"participants?\b|volunteers?\b|controls?\b",
        r"baseline|follow-up|visits?\b|weeks\b|months\b", r"measured|recorded|documented|assessed|evaluated|collected", r"defined as|classified|criteria",
        r"blinded|masked|placebo", r"incubat\w+|centrifug\w+|assay|antibod\w+|samples?\b|cells?\b", r"%|p ?[<=] ?0",
    )
)  # fmt: skip


def is_operative(title: str, text: str) -> bool:
    """Whether the section `title`, whose running text begins with `text`, tells how an operation on patients is done.

    An operation on animals or cadavers, the allocation to operations, and their results are none.
    """
    begun = text[:LOOKED_AT]
    if _NOT_NAMED.search(title) or any(_ANIMALS.search(one) for one in (title, text[:SUBJECT_WITHIN])):
        return False
    is_named = _NAMED.search(title) is not None
    small = begun.lower()  # with patterns in small letters: a third of the time of those that ignore case
    steps = sum(step.search(small) is not None for step in _STEPS)
    if steps < (ENOUGH_WITH_TITLE if is_named else ENOUGH):
        return False
    research = sum(word.search(small) is not None for word in _RESEARCH)
    return steps > research if is_named else steps >= 2 * research


def with_operative_sections(
    pages: Sequence[Page], headings: Sequence[Heading]
) -> tuple[tuple[Page, ...], tuple[Heading, ...]]:
    """`pages` and `headings` with the sections that tell an operation named and marked as such.

    A section below one of operative technique is one too, unless its title says otherwise.
    """
    texts = _texts(pages, headings)
    marked: list[Heading] = []
    path: list[Heading] = []
    for number, heading in enumerate(headings):
        path = [*(one for one in path if one.level < heading.level), heading]
        above = {one.kind for one in path[:-1]}
        if heading.kind in (None, SectionKind.METHODS) and above <= _ABOVE:
            inherits = path[:-1] and path[-2].kind is SectionKind.OPERATIVE and not _NOT_NAMED.search(heading.title)
            text = texts[number]
            if not text and _NAMED.search(heading.title):  # a section that has text in its subsections alone
                text = " ".join(texts[number : _end(headings, number)])
            if inherits or is_operative(heading.title, text):
                heading = path[-1] = replace(heading, kind=SectionKind.OPERATIVE)
        marked.append(heading)
    return tuple(_renamed(pages, marked)), tuple(marked)


def _end(headings: Sequence[Heading], number: int) -> int:
    """The number of the heading with which the section of heading `number` ends."""
    level = headings[number].level
    later = range(number + 1, len(headings))
    return next((other for other in later if headings[other].level <= level), len(headings))


def _number_of(headings: Sequence[Heading], page: int, offset: int) -> int | None:
    """The number of the heading under which a place stands."""
    number = bisect_right(headings, (page, offset), key=lambda one: (one.page, one.start))
    return number - 1 if number else None


def _texts(pages: Sequence[Page], headings: Sequence[Heading]) -> list[str]:
    """The running text directly under each heading."""
    found: list[list[str]] = [[] for _ in headings]
    for page in pages:
        for block in page.blocks:
            number = _number_of(headings, page.number, block.start)
            if number is not None and block.kind is BlockKind.BODY and not block.flags:
                found[number].append(page.text[block.start : block.end])
    return [" ".join(parts).removeprefix(heading.title) for heading, parts in zip(headings, found, strict=True)]


def _renamed(pages: Sequence[Page], headings: Sequence[Heading]) -> Iterator[Page]:
    if all(heading.kind is not SectionKind.OPERATIVE for heading in headings):
        yield from pages
        return
    for page in pages:
        blocks = []
        for block in page.blocks:
            number = _number_of(headings, page.number, block.start)
            heading = None if number is None else headings[number]
            if heading is not None and heading.kind is SectionKind.OPERATIVE and block.section is not None:
                is_named = heading.title.casefold().startswith(OPERATIVE_SECTION.casefold())
                name = heading.title if is_named else f"{OPERATIVE_SECTION}: {heading.title}"
                block = replace(block, section=name)
            blocks.append(block)
        yield replace(page, blocks=tuple(blocks))

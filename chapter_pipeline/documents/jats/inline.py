"""Owns the text of mixed content: one canonical line, citation markers that touch no number, hidden text set apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from chapter_pipeline.documents.jats.mathml import NO_TEXT, math_text, tex_text
from chapter_pipeline.documents.jats.safe_xml import Element
from chapter_pipeline.documents.pdf.lines import canonical

FLOATS = frozenset("fig fig-group table-wrap table-wrap-group boxed-text supplementary-material media".split())
"""What stands apart from the text, wherever in it the file has it."""
_LEFT_OUT = frozenset(
    "alt-text long-desc object-id index-term graphic inline-graphic permissions fn processing-meta alt-title "
    "inline-media".split()
)
_OF_ITS_OWN = frozenset("p title list list-item def-list def-item def term disp-quote verse-line label td th".split())
_NAME_PARTS = ("prefix", "surname", "given-names", "suffix")
_MARKERS = frozenset(("bibr", "fn", "table-fn", "author-notes", "aff", "corresp"))
_RAISED_SIGNS = str.maketrans("0123456789+-−()=n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾⁼ⁿ")
_RAISED_LETTERS = str.maketrans("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_DIGITS = tuple("0123456789")
_END = "\0"
"""Stands behind a marker until the text is whole; no XML can contain it."""
_NUMBERS = re.compile(r"\d[\d\s,;–-]*")
_YEAR = re.compile(r"(?:19|20)\d\d")
_RANGE = re.compile(rf"(?<=[0-9{_SUPERSCRIPT}])\s*[-−]\s*(?=[0-9{_SUPERSCRIPT}])")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)$", re.IGNORECASE)
_NAMED = re.compile(r"\b(?:refs?\.?|references?|citations?) $", re.IGNORECASE)
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0+)?(?![.\d])|font-size\s*:\s*(?:0+(?:\.0+)?\s*(?:px|pt|r?em|ex|%)?|(?:0*\.\d+|1(?:\.\d+)?)\s*(?:px|pt))\s*(?:;|$)"
    r"|(?<![-\w])color\s*:\s*(?:white|transparent|#fff(?:fff)?(?![0-9a-f])|rgba?\(\s*255\s*,\s*255\s*,\s*255)",
    re.IGNORECASE,
)
_HIDDEN_USE = re.compile(r"\b(?:hidden|not-displayed|no-display|invisible)\b", re.IGNORECASE)


@dataclass(slots=True)
class Inline:
    """The text of an element; `hidden` what a reader would not see of it, `floats` and `notes` what stood within it."""

    text: str = ""
    hidden: list[str] = field(default_factory=list)
    floats: list[Element] = field(default_factory=list)
    notes: list[Element] = field(default_factory=list)

    def line(self) -> str:
        """The text on one line, in the canonical form of a page."""
        text = canonical(_settled(self.text))
        text = re.sub(rf"(?<=[{_SUPERSCRIPT}])-(?=[{_SUPERSCRIPT}])", "–", text)
        return re.sub(r" (?=[,;.](?:\s|$))", "", text)

    def add(self, text: str) -> None:
        self.text += text

    def add_marker(self, text: str) -> None:
        """Add a raised citation marker: behind a word without a space, as it is printed; behind a number with one."""
        before = self.text.rstrip()
        self.text = f"{before} " if before[-1:] in _DIGITS else before
        self.text += text

    def add_apart(self, text: str) -> None:
        """Add a marker's text, with a space where it would be glued to a word or number."""
        glued = text[:1].isalnum() and text[:1] not in _SUPERSCRIPT and self.text[-1:].isalnum()
        self.text += f" {text}" if glued else text


def line_of(element: Element | None) -> str:
    """The visible text of an element on one line; "" for none."""
    return inline(element).line() if element is not None else ""


def inline(element: Element) -> Inline:
    """The text of what is in `element`; of a name, that of the name."""
    into = Inline()
    if element.name in ("name", "string-name"):
        write_element(element, into)
    else:
        write(element, into)
    return into


def write(element: Element, into: Inline) -> None:
    """Add the text of what is in `element`."""
    for one in element.content:
        if isinstance(one, str):
            into.add(one)
        else:
            write_element(one, into)


def write_element(element: Element, into: Inline) -> None:
    """Add an element of mixed content as a reader sees it."""
    name = element.name
    if name in _LEFT_OUT:
        into.notes += [element] if name == "fn" else []
    elif name in FLOATS:
        into.floats.append(element)
        into.add(" ")
    elif is_hidden(element):
        into.hidden.append(line_of(Element("hidden", {}, element.content)))
    elif name == "sup":
        _add_raised(element, into, marker=any(True for _ in element.descendants("xref")))
        into.add(_space_after(element))
    elif name == "sub":
        below = _inner(element, into)
        into.add(below.translate(_LOWERED) if below.isdigit() and into.text[-1:].isdigit() else below)
        into.add(_space_after(element))
    elif name == "xref":
        _add_marker(element, into)
    elif name in ("inline-formula", "disp-formula", "disp-formula-group", "chem-struct-wrap"):
        into.add_apart(f" {formula(element)} " if name != "inline-formula" else formula(element))
    elif name in ("math", "tex-math", "alternatives"):
        into.add_apart(formula(Element("inline-formula", {}, [element])))
    elif name == "break":
        into.add(" ")
    elif name in ("name", "string-name") and not any(isinstance(one, str) and one.strip() for one in element.content):
        into.add(" ".join(line for part in _NAME_PARTS if (line := line_of(element.child(part)))))
    elif name in _OF_ITS_OWN:
        into.add(" ")
        write(element, into)
        into.add(" ")
    else:
        write(element, into)


def is_hidden(element: Element) -> bool:
    """Whether a reader of the rendered article would not see what is in `element`."""
    said = element.attributes
    return (
        _HIDDEN_STYLE.search(said.get("style", "")) is not None
        or _HIDDEN_USE.search(" ".join((said.get("specific-use", ""), said.get("content-type", "")))) is not None
        or said.get("hidden", "").lower() in ("true", "hidden", "yes")
    )


def formula(element: Element) -> str:
    """A formula as a line, from the best of its forms: MathML, LaTeX, else the words it has."""
    math = next(element.descendants("math"), None)
    if math is not None:
        return math_text(math) or NO_TEXT
    tex = next(element.descendants("tex-math"), None)
    if tex is not None:
        return tex_text("".join(one for one in tex.content if isinstance(one, str)))
    bare = Inline()
    for one in element.content:
        if isinstance(one, str):
            bare.add(one)
        elif one.name not in ("label", "alternatives", "graphic"):
            write_element(one, bare)
    return bare.line() or NO_TEXT


def _inner(element: Element, into: Inline) -> str:
    """The text within `element`; what it has of floats, notes and hidden text goes to `into`."""
    found = inline(element)
    into.floats += found.floats
    into.notes += found.notes
    into.hidden += found.hidden
    return _settled(found.text)


def _settled(text: str) -> str:
    """`text` on one line, where a marker ended kept apart from what follows: from a word by a space, from a marker by a comma."""
    if _END in text:
        text = re.sub(rf"(?<=[{_SUPERSCRIPT}]){_END}(?=[{_SUPERSCRIPT}])", ",", text)
        text = re.sub(rf"(?<=\w){_END}(?=\w)", " ", text).replace(_END, "")
    return " ".join(text.split())


def _add_raised(element: Element, into: Inline, *, marker: bool) -> None:
    text = _inner(element, into)
    before = into.text
    if any(ch.isdigit() or ch in "+-−–" for ch in text):
        text = _RANGE.sub("–", text) if marker else text
        text = re.sub(r"\s*([,;–])\s*", r"\1", text).replace(";", ",")
        shown = "".join(ch.translate(_RAISED_SIGNS) if not ch.isalpha() or ch == "n" else ch for ch in text)
        if marker and shown[:1] in _SUPERSCRIPT:
            into.add_marker(shown)
        else:
            into.add(shown)
    elif text.isalpha() and text.islower() and not _ORDINAL.match(text) and (marker or before[-1:].isdigit()):
        into.add(text.translate(_RAISED_LETTERS))
    else:
        into.add(text)


def _add_marker(element: Element, into: Inline) -> None:
    """A reference to another place: numbers of the reference list are raised unless they stand in brackets."""
    text = _inner(element, into)
    if not text:
        return
    kind = element.attributes.get("ref-type", "")
    numbers = kind in _MARKERS and _NUMBERS.fullmatch(text) and not _YEAR.fullmatch(text)
    if numbers and not _in_brackets(into.text) and not _NAMED.search(into.text):
        text = re.sub(r"\s*([,;–-])\s*", r"\1", text).replace(";", ",").replace("-", "–")
        into.add_marker(text.translate(_RAISED_SIGNS))
    elif kind == "bibr" and text[:1] in _SUPERSCRIPT:
        into.add_marker(text)
    elif kind in _MARKERS and len(text) == 1 and text.isalpha() and text.islower() and into.text[-1:].isalnum():
        into.add(text.translate(_RAISED_LETTERS))
    else:
        into.add_apart(text)
    into.add(_END)


def _in_brackets(before: str) -> bool:
    closed = 0
    for ch in reversed(before[-1000:]):
        if ch in ")]":
            closed += 1
        elif ch in "([":
            if closed == 0:
                return True
            closed -= 1
    return False


def _space_after(element: Element) -> str:
    """A space where an element's own text ends in one: its text is added without."""
    last = element.content[-1] if element.content else ""
    return " " if isinstance(last, str) and last[-1:].isspace() else ""

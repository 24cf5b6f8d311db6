"""Owns how printed lines become running text: words broken at a line end are joined again, compounds stay."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_BROKEN = re.compile(r"([^\W_]+(?:-[^\W_]+)*)[-‐]$")
_LONGEST_WORD = 80
_NEXT = re.compile(r"^[^\W_]+")
# First parts that keep their hyphen when the document itself gives no evidence.
_PREFIXES = frozenset(
    "anti all beta alpha gamma cross ex follow half high inter intra long low mid multi near non off one two three "
    "four five six seven eight nine ten open post pre quasi self semi short single double triple sub up well whole year "
    "day month week time age dose drug cell blood brain risk evidence health magnetic real wide state meta so co burr "
    "twist closed".split()
)
# Second parts that are words of their own behind any first part that is no mere prefix ("in-", "cor-", "dis-").
_SECONDS = frozenset("associated based derived guided induced mediated related targeted weighted".split())
_LONGEST_BARE_PREFIX = 3

_SPACED_OUT = re.compile(r"^(?:[^\W\d_] ){4,}[^\W\d_](?: {2,}(?:[^\W\d_] )+[^\W\d_])*$")


def closed_up(text: str) -> str:
    """A heading set letter by letter (``a b s t r a c t``) as the word it is."""
    return re.sub(r"(?<=\w) (?=\w)", "", text) if _SPACED_OUT.match(text) else text


class Joiner:
    """Joins the lines of one document; what stands whole within its lines is the evidence for what was broken."""

    def __init__(self, lines: Iterable[str]) -> None:
        text = "\n".join([line.rstrip("-‐\u00ad") for line in lines])
        self._known = Counter(_WORD.findall(text.lower()))

    def join(self, lines: Sequence[str]) -> str:
        """The lines as one text: one space between them, none where a word goes on."""
        text = ""
        for line in lines:
            text = self.glue(text, line)
        return text.rstrip("\u00ad")

    def glue(self, text: str, line: str) -> str:
        """`text` followed by `line`."""
        if not text or not line:
            return text or line
        if text.endswith("\u00ad"):
            return text[:-1] + line
        # Most lines end in no hyphen: a search through the growing text would cost its square.
        broken = _BROKEN.search(text, max(0, len(text) - _LONGEST_WORD)) if text[-1] in "-‐" else None
        following = _NEXT.match(line) if broken else None
        if broken is None or following is None:
            return text + ("" if text.endswith(("–", "/")) and line[:1].isalnum() else " ") + line
        return (text if self._keeps_hyphen(broken.group(1), following.group()) else text[:-1]) + line

    def _keeps_hyphen(self, first: str, second: str) -> bool:
        tail = first.split("-")[-1]
        whole, compound = f"{tail}{second}".lower(), f"{tail}-{second}".lower()
        if self._known[whole] or self._known[compound]:
            return self._known[compound] > self._known[whole]
        if not tail.isalpha() or not second.isalpha() or second[0].isupper() or len(tail) == 1:
            return True
        # An unbroken compound such as "blood-brain-\nbarrier", or a known first part.
        if second.lower() in _SECONDS and len(tail) > _LONGEST_BARE_PREFIX:
            return True
        return tail.lower() in _PREFIXES and len(second) > 3

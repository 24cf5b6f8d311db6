"""Owns how addresses appear in messages and logs: without the user, the password and the query they may hold."""

from __future__ import annotations

import re

HIDDEN = "..."
# Up to the last @ before white space or a quote: an unescaped password may hold any other character, an @ as well.
_USER_INFO = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^\s'\"<>]*@")
_QUERY = re.compile(r"(?P<path>[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>?#]*)[?#][^\s'\"<>,]*")


def without_secrets(text: str) -> str:
    """`text` with user and password, and the query, of every address in it replaced by ``...``."""
    return _QUERY.sub(rf"\g<path>?{HIDDEN}", _USER_INFO.sub(rf"\g<scheme>{HIDDEN}@", text))

"""Owns the addresses of the Dagster UI of one start, the token that opens it, and the file that names both."""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from chapter_pipeline.settings import DEFAULT_PORTS, Settings

ADDRESS_FILE = "webserver-address"
PARAMETER = "token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Token and origins of the Dagster UI of one start. An origin is written as browsers do: ``scheme://host[:port]``.

    `printed` are the origins that are printed: the server's own first. `cookie` carries the port in its name, because
    browsers send a cookie to every port of a host.
    """

    origins: tuple[str, ...]
    printed: tuple[str, ...]
    cookie: str
    token: str = field(repr=False)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses with the token, to open in a browser."""
        return tuple(f"{origin}/?{PARAMETER}={self.token}" for origin in self.printed)

    def origins_of_host(self, host: str) -> frozenset[str]:
        """The origins that a Host header of `host` can mean; empty for a name that is not ours."""
        return frozenset(one for one in self.origins if host.lower() in _hosts_of(one))


def new_token() -> str:
    """A random token, new for each start."""
    return secrets.token_urlsafe(32)


def access_of(settings: Settings, token: str) -> Access:
    """Token and origins of the Dagster UI that is served with `settings`."""
    own = tuple(origin_of("http", host, settings.webserver_port) for host in _names_of(settings.webserver_host))
    return Access(
        origins=(*own, *settings.webserver_origins),
        printed=(own[0], *settings.webserver_origins),
        cookie=f"chapter_pipeline_{settings.webserver_port}",
        token=token,
    )


def origin_of(scheme: str, host: str, port: int) -> str:
    """The origin as a browser writes it."""
    name = f"[{host}]" if ":" in host else host.lower()
    return f"{scheme}://{name}" if port == DEFAULT_PORTS[scheme] else f"{scheme}://{name}:{port}"


@contextmanager
def address_file(home: Path, access: Access) -> Iterator[Path]:
    """The file below `home` that says the addresses while the block runs; its owner alone may read it."""
    path = home / ADDRESS_FILE
    path.unlink(missing_ok=True)  # of a start that was killed; a new file has the mode that we give it
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.writelines(f"{address}\n" for address in access.addresses)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _names_of(host: str) -> tuple[str, ...]:
    """The names of a server bound to `host`. One bound to every interface has those of this machine to itself only."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ("localhost", "127.0.0.1", "::1") if host.lower() == "localhost" else (host,)
    if not (address.is_loopback or address.is_unspecified):
        return (str(address),)
    loopback = ("127.0.0.1", "::1") if address.version == 4 else ("::1", "127.0.0.1")
    specific = () if address.is_unspecified else (str(address),)
    return tuple(dict.fromkeys((*specific, *loopback, "localhost")))


def _hosts_of(origin: str) -> tuple[str, ...]:
    """The Host headers that mean `origin`: without the port, too, where it is the scheme's own."""
    parts = urlsplit(origin)
    if parts.port is not None:
        return (parts.netloc,)
    return (parts.netloc, f"{parts.netloc}:{DEFAULT_PORTS[parts.scheme]}")

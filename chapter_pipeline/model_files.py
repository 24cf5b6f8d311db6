"""Owns the model files inside installed packages: found without importing the package, compared with a known sha256."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from chapter_pipeline.errors import ModelFilesCorrupt


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A file inside an installed package, with the sha256 it must have; `purpose` names it in messages."""

    package: str
    path: str
    sha256: str
    purpose: str


def verified(file: ModelFile) -> bytes:
    """The content of `file`, found without importing its package. Raises `ModelFilesCorrupt`."""
    remedy = f"install the package {file.package.replace('_', '-')!r} again, in the version of requirements.lock"
    found = importlib.util.find_spec(file.package)
    folders = list(found.submodule_search_locations or ()) if found else []
    path = Path(folders[0], file.path) if folders else None
    if path is None or not path.is_file():
        raise ModelFilesCorrupt(f"the file {file.path!r} of {file.package!r} ({file.purpose}) is missing: {remedy}")
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.sha256:
        raise ModelFilesCorrupt(f"{str(path)!r} has sha256 {digest!r}, not {file.sha256!r}: {remedy}")
    return content

"""The archive of the kubectl plugin that krew installs, and its manifest.

The archive has the wheel, the lock file, and a launcher that makes an environment from them at its first start: a
Python program with compiled dependencies can't be one file for all platforms.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tools.release import archives
from tools.release.addresses import Addresses
from tools.release.archives import EXECUTABLE, Member

PROGRAM: Final = "kubectl-livemigration"
COMPLETION: Final = "kubectl_complete-livemigration"
ARCHIVE: Final = f"{PROGRAM}.tar.gz"
MANIFEST: Final = "livemigration.yaml"


def build(source: Path, wheel: Path, folder: Path, version: str, moment: int) -> Path:
    """Build the archive around a wheel; return it."""
    archive = folder / ARCHIVE
    archives.write(archive, _members(source, wheel, version), moment)
    return archive


def write_manifest(source: Path, archive: Path, known: Addresses, version: str) -> Path:
    """Write the manifest of an archive beside it; return it."""
    manifest = archive.with_name(MANIFEST)
    values = {
        "VERSION": version,
        "HOMEPAGE": known.documentation or known.source,
        "URI": known.download(archive.name, version),
        "SHA256": hashlib.sha256(archive.read_bytes()).hexdigest(),
    }
    manifest.write_text(_filled(source / "krew" / MANIFEST, values), encoding="utf-8")
    return manifest


def _members(source: Path, wheel: Path, version: str) -> Iterator[Member]:
    launcher = _filled(source / "krew" / PROGRAM, {"VERSION": version, "WHEEL": wheel.name}).encode()
    yield Member(name=PROGRAM, content=launcher, mode=EXECUTABLE)
    yield Member(name=COMPLETION, content=launcher, mode=EXECUTABLE)
    for file in (wheel, source / "requirements" / "runtime.txt", source / "LICENSE"):
        yield Member(name=file.name, content=file.read_bytes())


def _filled(template: Path, values: Mapping[str, str]) -> str:
    """Return a template's text with each `@NAME@` replaced."""
    text = template.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text

"""Archives whose bytes depend on their members alone: not on the clock, the user, or the machine."""

import gzip
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

EXECUTABLE: Final = 0o755
PLAIN: Final = 0o644


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A file in an archive."""

    name: str
    content: bytes
    mode: int = PLAIN


def write(archive: Path, members: Iterable[Member], moment: int) -> None:
    """Write a .tar.gz whose members are all of one moment, in seconds since 1970."""
    with (
        archive.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=moment) as compressed,
        tarfile.open(mode="w", fileobj=compressed, format=tarfile.USTAR_FORMAT) as tar,
    ):
        for member in sorted(members, key=lambda each: each.name):
            entry = tarfile.TarInfo(member.name)
            entry.size, entry.mode, entry.mtime = len(member.content), member.mode, moment
            tar.addfile(entry, io.BytesIO(member.content))


def read(archive: Path) -> list[Member]:
    """Return the files of a .tar.gz, all of them plain."""
    with tarfile.open(archive) as tar:
        files = ((entry.name, tar.extractfile(entry)) for entry in tar)
        return [Member(name=name, content=content.read()) for name, content in files if content]

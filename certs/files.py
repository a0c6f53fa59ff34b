"""An authority and a leaf as files in a folder, for a server that runs outside of a cluster.

The folder looks like a mounted Secret: `tls.crt` and its like are links through `..data` into a folder of one
generation. Renaming one link swaps all files at once, so that a crash can't leave a certificate with the wrong key.
"""

import datetime as dt
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from certs.authority import SYSTEM, RandomSource, new_authority, new_leaf
from certs.bundle import Certificates, distinct, read_bundle, to_pem, unexpired, verifiers
from certs.lifetime import Lives, due
from certs.names import names_of
from certs.pair import Pair, found_pair

DATA: Final = "..data"
"""The link that is swapped; kubelet names it so."""


class Held(Struct, frozen=True, kw_only=True):
    """What is in the folder; None for what is missing or unreadable. `bundle` is `ca.crt`, the authority first."""

    authority: Pair | None = None
    leaf: Pair | None = None
    bundle: Certificates = ()
    problems: tuple[str, ...] = ()


def ensure(folder: Path, names: Sequence[str], *, now: dt.datetime, lives: Lives, tell: Callable[[str], None]) -> bytes:
    """Make, renew or keep what is in the folder; return the bundle to trust (PEM). Raises OSError.

    A former authority stays in the bundle until it ends: whoever registers the bundle verifies both leaves.
    `tell` is called with each thing that was there and could not be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        held = read(folder)
        for problem in held.problems:
            tell(problem)
        wanted = renewed(held, names, now=now, lives=lives)
        if wanted != held:
            _write(folder, _files(wanted))
    return to_pem(wanted.bundle)


def read(folder: Path) -> Held:
    """Read the folder. Raises OSError for files that exist and can't be read."""
    problems: list[str] = []
    return Held(
        authority=_pair(folder, "ca", problems),
        leaf=_pair(folder, "tls", problems),
        bundle=read_bundle(_content(folder / "ca.crt")),
        problems=tuple(problems),
    )


def renewed(held: Held, names: Sequence[str], *, now: dt.datetime, lives: Lives, random: RandomSource = SYSTEM) -> Held:
    """Return what the folder shall hold: the same when all is well."""
    authority = held.authority
    if authority is None or due(authority.certificate, now):
        authority = new_authority(now=now, life=lives.authority, random=random)
    leaf = held.leaf
    if leaf is None or not _serves(leaf, authority, names, now):
        leaf = new_leaf(authority, names, now=now, life=lives.leaf, random=random)
    bundle = unexpired(distinct((authority.certificate, *held.bundle)), now)
    return replace(held, authority=authority, leaf=leaf, bundle=bundle)


def _serves(leaf: Pair, authority: Pair, names: Sequence[str], now: dt.datetime) -> bool:
    """Whether the leaf is the authority's, for exactly these names, and not due."""
    certificate = leaf.certificate
    return (
        set(names_of(certificate)) == set(names)
        and not due(certificate, now)
        and bool(verifiers(certificate, [authority.certificate], now))
    )


def _files(held: Held) -> dict[str, bytes]:
    pairs = {"ca": held.authority, "tls": held.leaf}
    return {
        "ca.crt": to_pem(held.bundle),
        **{f"{prefix}.key": pair.key_pem for prefix, pair in pairs.items() if pair},
        **({"tls.crt": held.leaf.certificate_pem} if held.leaf else {}),
    }


def _pair(folder: Path, prefix: str, problems: list[str]) -> Pair | None:
    certificate, key = folder / f"{prefix}.crt", folder / f"{prefix}.key"
    return found_pair(_content(certificate), _content(key), f"{certificate} and {key}", problems)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time look and write; the folder itself is the lock."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a new generation, swap to it, and remove those before, with what a crash left behind."""
    generation = Path(tempfile.mkdtemp(prefix="..", dir=folder))
    generation.chmod(0o755)
    for name, content in files.items():
        _write_file(generation / name, content, mode=0o600 if name.endswith(".key") else 0o644)
    _link(folder / DATA, generation.name)
    for name in files:
        _link(folder / name, f"{DATA}/{name}")
    for other in folder.glob("..*"):
        if other.is_dir() and not other.is_symlink() and other != generation:
            shutil.rmtree(other)


def _write_file(file: Path, content: bytes, *, mode: int) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(handle)


def _link(link: Path, target: str) -> None:
    """Make the link, or turn an existing one or a file into it, in one rename."""
    if link.is_symlink() and str(link.readlink()) == target:
        return
    new = link.with_name(f"{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.rename(link)

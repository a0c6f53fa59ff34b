"""`certs ensure`: an authority and a leaf as files."""

import base64
import datetime as dt
import itertools
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certs import files
from certs.authority import new_authority, new_leaf
from certs.bundle import read_bundle
from certs.lifetime import Lives
from certs.names import names_of
from tests.certs.installation import asked_wrongly, run

LIVES = Lives()
NAMES = ("webhook.here.svc", "127.0.0.1")
NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def ensure(folder: Path, *, after: dt.timedelta = dt.timedelta(), names: tuple[str, ...] = NAMES) -> list[str]:
    """Ensure, and return what was told."""
    told: list[str] = []
    files.ensure(folder, names, now=NOW + after, lives=LIVES, tell=told.append)
    return told


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("ca.crt", "ca.key", "tls.crt", "tls.key")}


def changed(folder: Path, before: dict[str, bytes]) -> set[str]:
    return {name for name, content in contents(folder).items() if before[name] != content}


def test_a_folder_gets_an_authority_and_a_leaf_that_fit_together(tmp_path: Path) -> None:
    assert ensure(tmp_path / "new" / "folder") == []
    held = files.read(tmp_path / "new" / "folder")
    assert held.authority
    assert held.leaf
    held.leaf.certificate.verify_directly_issued_by(held.authority.certificate)
    assert held.bundle == (held.authority.certificate,)


def test_keys_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    ensure(tmp_path)
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in contents(tmp_path)}
    assert modes == {"ca.crt": 0o644, "ca.key": 0o600, "tls.crt": 0o644, "tls.key": 0o600}


def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    ensure(tmp_path)
    before = {path: path.lstat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]}
    ensure(tmp_path)
    assert {path: path.lstat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]} == before


@pytest.mark.parametrize(
    ("after", "names", "expected"),
    [
        (59 * DAY, NAMES, set()),
        (60 * DAY, NAMES, {"tls.crt", "tls.key"}),
        (0 * DAY, ("another",), {"tls.crt", "tls.key"}),
        (0 * DAY, tuple(reversed(NAMES)), set()),
        (487 * DAY, NAMES, {"ca.crt", "ca.key", "tls.crt", "tls.key"}),
    ],
    ids=["more than a third left", "a third left", "other names", "names in another order", "authority due"],
)
def test_what_is_due_or_wrong_is_renewed_and_nothing_else(
    tmp_path: Path, after: dt.timedelta, names: tuple[str, ...], expected: set[str]
) -> None:
    ensure(tmp_path)
    before = contents(tmp_path)
    ensure(tmp_path, after=after, names=names)
    assert changed(tmp_path, before) == expected


def test_a_former_authority_stays_in_the_bundle_until_it_ends(tmp_path: Path) -> None:
    ensure(tmp_path)
    (former,) = files.read(tmp_path).bundle
    ensure(tmp_path, after=487 * DAY)
    current, other = files.read(tmp_path).bundle
    assert other == former
    ensure(tmp_path, after=731 * DAY)
    assert files.read(tmp_path).bundle == (current,)


@pytest.mark.parametrize("name", ["ca.crt", "ca.key", "tls.crt", "tls.key"])
def test_a_garbled_file_is_told_and_replaced(tmp_path: Path, name: str) -> None:
    ensure(tmp_path)
    before = contents(tmp_path)
    (tmp_path / name).write_bytes(b"garbled")
    (told,) = ensure(tmp_path)
    prefix = name.partition(".")[0]
    what = "certificate" if name.endswith("crt") else "key"
    assert told == f"{tmp_path}/{prefix}.crt and {tmp_path}/{prefix}.key: the {what} is no readable PEM"
    assert files.read(tmp_path).problems == ()
    kept = set() if name == "ca.crt" else set(read_bundle(before["ca.crt"]))
    assert kept <= set(files.read(tmp_path).bundle)


@pytest.mark.parametrize("name", ["ca.crt", "ca.key", "tls.crt", "tls.key"])
def test_a_missing_file_is_made_again(tmp_path: Path, name: str) -> None:
    ensure(tmp_path)
    (tmp_path / name).unlink()
    ensure(tmp_path)
    assert files.read(tmp_path).problems == ()
    assert ensure(tmp_path) == []


def test_plain_files_are_taken_over(tmp_path: Path) -> None:
    authority = new_authority(now=NOW, life=LIVES.authority)
    leaf = new_leaf(authority, NAMES, now=NOW, life=LIVES.leaf)
    for prefix, pair in (("ca", authority), ("tls", leaf)):
        (tmp_path / f"{prefix}.crt").write_bytes(pair.certificate_pem)
        (tmp_path / f"{prefix}.key").write_bytes(pair.key_pem)
    before = contents(tmp_path)
    ensure(tmp_path)
    assert changed(tmp_path, before) == set()
    ensure(tmp_path, names=("another",))
    assert changed(tmp_path, before) == {"tls.crt", "tls.key"}


class CrashedError(Exception):
    """The process ended here."""


def test_wherever_a_write_is_interrupted_the_folder_holds_a_pair_that_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure(tmp_path)
    crashes = 0
    while True:
        names = (f"n{crashes}",)
        with monkeypatch.context() as patch:
            crash_at(patch, crashes)
            try:
                ensure(tmp_path, names=names)
                break
            except CrashedError:
                crashes += 1
        assert files.read(tmp_path).problems == ()
    assert crashes >= len(contents(tmp_path)) + 2
    held = files.read(tmp_path)
    assert held.leaf
    assert names_of(held.leaf.certificate) == names


def crash_at(patch: pytest.MonkeyPatch, number: int) -> None:
    """Let the process end at that call of those that make a write durable and visible."""
    calls = itertools.count()

    def crashing(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            if next(calls) == number:
                raise CrashedError
            return call(*arguments)

        return counted

    for owner, name in ((os, "fsync"), (Path, "symlink_to"), (Path, "rename")):
        patch.setattr(owner, name, crashing(getattr(owner, name)))


def test_what_a_crash_left_behind_is_removed_by_the_next_write(tmp_path: Path) -> None:
    ensure(tmp_path)
    (tmp_path / "..crashed").mkdir()
    (tmp_path / "..crashed" / "tls.crt").write_bytes(b"half")
    (tmp_path / "..data.new").symlink_to("..crashed")
    ensure(tmp_path, names=("another",))
    current = str((tmp_path / files.DATA).readlink())
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [files.DATA, current, "ca.crt", "ca.key", "tls.crt", "tls.key"]
    )


def test_many_at_once_agree_on_one_authority(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "certs", "ensure", "--dir", str(tmp_path), "--dns", "a"]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    printed = {process.communicate(timeout=60)[0] for process in started}
    assert printed == {base64.b64encode((tmp_path / "ca.crt").read_bytes()) + b"\n"}


def test_the_command_prints_the_caBundle_and_nothing_else(tmp_path: Path) -> None:  # noqa: N802
    result = run("ensure", "--dir", str(tmp_path), "--dns", "a.b.svc", "--dns", "127.0.0.1")
    assert (result.returncode, result.stderr) == (0, "")
    assert base64.b64decode(result.stdout) == (tmp_path / "ca.crt").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dns", "a_b"], "Invalid value for '--dns': 'a_b' is neither a DNS name nor an IP address"),
        ([], "Missing option '--dns'."),
        (["--dns", "a", "--leaf-life", "1x"], "'1x' is no duration such as 90d, 36h, 10m, 30s or 500ms"),
        (["--dns", "a", "--leaf-life", "0s"], "Invalid value for '--leaf-life': it must be longer than nothing"),
        (
            ["--dns", "a", "--leaf-life", "2h", "--ca-life", "1h"],
            "a certificate can't outlive its authority: --leaf-life is longer than --ca-life",
        ),
    ],
    ids=["bad name", "no name", "bad duration", "no duration", "leaf longer than authority"],
)
def test_wrong_usage_is_exit_code_2_and_one_sentence(tmp_path: Path, arguments: list[str], message: str) -> None:
    assert message in asked_wrongly("ensure", "--dir", str(tmp_path / "folder"), *arguments)
    assert not (tmp_path / "folder").exists()


def test_a_folder_that_can_not_be_written_is_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = asked_wrongly("ensure", "--dir", str(tmp_path / "file" / "folder"), "--dns", "a")
    assert f"Error: {tmp_path}/file/folder can't be used: " in said

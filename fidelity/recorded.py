"""Answers of each KubeVirt that are kept with the tests, so that nobody builds all of them to run these.

A file has a JSON document a line: a question to a PodJudge, its answer, and the condition.
"""

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from fidelity.versions import Judged

FOLDER: Final = Path(__file__).parent.parent / "tests" / "fidelity" / "recorded"
KEPT: Final = 100
"""Machines of each version."""

VERSIONS: Final = tuple(
    sorted(file.name.removeprefix("kubevirt-").removesuffix(".jsonl.gz") for file in FOLDER.glob("kubevirt-*.jsonl.gz"))
)


def keep(version: str, cases: Sequence[Judged]) -> None:
    """Write the first cases, where there are enough of them; the same cases are always the same bytes."""
    if len(cases) >= KEPT:
        lines = b"".join(msgspec.json.encode(case, order="deterministic") + b"\n" for case in cases[:KEPT])
        _file(version).write_bytes(gzip.compress(lines, mtime=0))


def recorded(version: str) -> list[Judged]:
    """Return the cases that were kept of a version."""
    lines = gzip.decompress(_file(version).read_bytes()).splitlines()
    return [msgspec.json.decode(line, type=Judged) for line in lines]


def _file(version: str) -> Path:
    return FOLDER / f"kubevirt-{version}.jsonl.gz"

"""The machine: who runs on which core, what a program costs it, and what else it is busy with."""

import os
import platform
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOAD_CORE: Final = 0
"""Core of the load generator, the API server and this process."""
SERVER_CORE: Final = 1
"""Core of what is measured, alone."""
_TICK: Final = os.sysconf("SC_CLK_TCK")
_STOLEN: Final = 7
_IDLE: Final = (3, 4, _STOLEN)
"""Columns of /proc/stat that aren't work: idle, waiting for a disk, taken by other machines."""


class TooSmallError(Exception):
    """Raised where a server can't have a core of its own."""


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Let programs that are started meanwhile have this core, and no other one."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def move(pid: int, core: int) -> None:
    """Let a running program have this core, and no other one."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})


def check() -> None:
    """Raise TooSmallError unless there are two cores."""
    if not {LOAD_CORE, SERVER_CORE} <= os.sched_getaffinity(0):
        raise TooSmallError("a benchmark needs two cores: one for the server, one for the load")


def describe() -> dict[str, str]:
    """Return what the numbers depend on."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in _read("/proc/cpuinfo").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = int(_read("/proc/meminfo").split()[1]) / 2**20
    return {
        "cpu": cpu,
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
    }


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for each in found:
        for thread in Path(f"/proc/{each}/task").glob("*"):
            found += map(int, _read(f"{thread}/children").split())
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """MiB of a family: `resident` counts a page once for each process that has it, `charged` once for all of them."""

    resident: float
    charged: float


def memory(pid: int) -> Memory:
    """Return what a family holds; a container's limit is about `charged`.

    Programs and libraries count whole, whoever else on this machine has them open; where several processes of the
    family have them, the one with most is taken for all.
    """
    rollups = [_rollup(each) for each in family(pid)]
    files = max((each["Rss"] - each["Anonymous"] for each in rollups), default=0)
    return Memory(
        resident=sum(each["Rss"] for each in rollups) / 1024,
        charged=(sum(each["Pss_Anon"] for each in rollups) + files) / 1024,
    )


def _rollup(pid: int) -> Mapping[str, int]:
    """Return the sums of a process's mappings, KiB by name; zeros when it has ended."""
    lines = (line.split() for line in _read(f"/proc/{pid}/smaps_rollup").splitlines()[1:])
    return defaultdict(int, {name.removesuffix(":"): int(value) for name, value, *_ in lines})


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a family has used, with that of its ended children."""
    ticks = 0
    for each in family(pid):
        columns = _read(f"/proc/{each}/stat").rpartition(")")[2].split()
        ticks += sum(map(int, columns[11:15]))
    return ticks / _TICK


def busy_seconds() -> float:
    """Return the CPU time that everything on this machine has used since it started."""
    return sum(ticks for column, ticks in enumerate(_ticks()) if column not in _IDLE) / _TICK


def stolen_seconds() -> float:
    """Return the CPU time that was wanted here and went to other machines of the same host."""
    return _ticks()[_STOLEN] / _TICK


def _ticks() -> list[int]:
    return list(map(int, _read("/proc/stat").splitlines()[0].split()[1:9]))


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""

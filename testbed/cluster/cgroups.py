"""The control group under which a node keeps those of its pods, in every hierarchy of the machine."""

import time
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")
INHERITED: Final = ("cpuset.cpus", "cpuset.mems")
"""Files that a new group of the first version has empty, with which no process can be in it."""


def hierarchies() -> list[Path]:
    """Return where groups are kept: one folder per controller in the first version, one folder in the second."""
    mounts = [(line.split()[4], line.partition(" - ")[2].split()[0]) for line in MOUNTS.read_text().splitlines()]
    first = [Path(place) for place, kind in mounts if kind == "cgroup"]
    return first or [Path(place) for place, kind in mounts if kind == "cgroup2"]


def make(name: str) -> None:
    """Make the group with all CPUs and all memory."""
    for hierarchy in hierarchies():
        (hierarchy / name).mkdir()
        for file in INHERITED:
            if (group := hierarchy / name / file).exists() and not group.read_text().strip():
                group.write_text((hierarchy / file).read_text())


def remove(pattern: str, *, patience: float = 10) -> None:
    """Remove the groups whose names match.

    The kernel takes a moment to let go of processes that have ended; groups that still have some after `patience`
    seconds stay.
    """
    deadline = time.monotonic() + patience
    for hierarchy in hierarchies():
        for group in hierarchy.glob(pattern):
            folders = (each for each in group.rglob("*") if each.is_dir())
            for folder in [*sorted(folders, reverse=True), group]:
                _remove(folder, deadline)


def _remove(folder: Path, deadline: float) -> None:
    while folder.exists():
        try:
            folder.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                return
            time.sleep(0.1)

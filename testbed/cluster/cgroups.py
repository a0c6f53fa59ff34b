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


def remove(pattern: str) -> None:
    """Remove the groups whose names match, once the processes in them have ended."""
    for hierarchy in hierarchies():
        for group in hierarchy.glob(pattern):
            for folder in sorted((each for each in group.rglob("*") if each.is_dir()), reverse=True):
                _remove(folder)
            _remove(group)


def _remove(folder: Path) -> None:
    """Remove one group; the kernel takes a moment to let go of the processes that were in it."""
    for _ in range(100):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    folder.rmdir()

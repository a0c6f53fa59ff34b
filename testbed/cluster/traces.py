"""What can be seen of a cluster on the machine that it ran on: read before and after, the two must be alike."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testbed.cluster import cgroups

SETTINGS: Final = ("kernel", "vm", "net")
"""Kernel settings that a node would change."""
RESTLESS: Final = ("kernel/random/", "kernel/ns_last_pid", "kernel/pty/nr", "net/netfilter/nf_conntrack_count")
"""Those that change by themselves."""
FOLDERS: Final = ("/run", "/var/lib", "/var/log", "/etc/cni", "/opt")
"""Where node programs write unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """One look at the machine: kind of trace -> what there is of it."""

    seen: Mapping[str, Mapping[str, str]]

    def beyond(self, earlier: "Traces") -> list[str]:
        """Return what is here and wasn't earlier, and what has another value, each in a line."""
        return [
            f"{kind} {name}: {value} (was {earlier.seen[kind].get(name, 'absent')})"
            for kind, found in self.seen.items()
            for name, value in found.items()
            if earlier.seen[kind].get(name) != value
        ]


def look() -> Traces:
    """Read processes, mounts, interfaces, firewall rules, control groups, kernel settings and folders."""
    return Traces(
        seen={
            "process": dict(_processes()),
            "mount": dict(_mounts()),
            "interface": dict.fromkeys((each.name for each in Path("/sys/class/net").iterdir()), "present"),
            "firewall": {"rules": _firewall()},
            "control group": dict.fromkeys(_groups(), "present"),
            "setting": dict(_settings()),
            "folder": dict.fromkeys(_entries(), "present"),
        }
    )


def _processes() -> Iterator[tuple[str, str]]:
    """Return processes that are in another process namespace than this one, with their commands."""
    own = Path("/proc/self/ns/pid").readlink()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "ns" / "pid").readlink() != own:
                yield process.name, (process / "cmdline").read_text().replace("\0", " ").strip()
        except OSError:
            continue


def _mounts() -> Iterator[tuple[str, str]]:
    for line in cgroups.MOUNTS.read_text().splitlines():
        place, _, kind = line.split()[4], *line.partition(" - ")[1:]
        yield place, kind


def _firewall() -> str:
    listed = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=False)
    return listed.stdout.strip() or "none"


def _groups() -> Iterator[str]:
    for hierarchy in cgroups.hierarchies():
        for folder, _, _ in os.walk(hierarchy):
            yield folder


def _settings() -> Iterator[tuple[str, str]]:
    root = Path("/proc/sys")
    for file in (file for name in SETTINGS for file in (root / name).rglob("*")):
        name = str(file.relative_to(root))
        if name.startswith(RESTLESS):
            continue
        try:
            yield name, file.read_text().strip()
        except (OSError, UnicodeDecodeError):
            continue


def _entries() -> Iterator[str]:
    for folder in map(Path, FOLDERS):
        if folder.is_dir():
            yield from map(str, folder.iterdir())

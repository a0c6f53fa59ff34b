"""The first process of a node: fills the node's namespaces, starts its programs, takes the node along when it ends.

`python -m testbed.cluster.inside FILE`, started by `node` in namespaces that are still empty; the file is a `Plan`.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from testbed.cluster import network
from testbed.processes import OWNER_VARIABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a node is made of."""

    name: str
    place: network.Place
    others: tuple[network.Place, ...]
    folder: str
    """Where its data and logs are."""
    settled: Mapping[str, str]
    """Files of the kernel that kubelet would set for the whole machine, with the values that it finds there instead."""
    programs: Mapping[str, Sequence[str]]
    """Commands in the order in which they are started; all of them stay."""
    sockets: Mapping[str, str]
    """Where a program listens, by its name: those after it need that from their start."""

    def write(self, file: Path) -> None:
        """Write the plan for the node's first process."""
        file.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, file: Path) -> Self:
        """Return the plan in a file."""
        fields = json.loads(file.read_text())
        place, others = network.Place(**fields.pop("place")), (network.Place(**each) for each in fields.pop("others"))
        return cls(place=place, others=tuple(others), **fields)


def main(file: str) -> int:
    """Set the node up and run it; return, which ends all that is in it, when one of its programs has ended."""
    plan = Plan.read(Path(file))
    # The kernel ends the programs with this process; none needs to watch an owner.
    os.environ.pop(OWNER_VARIABLE, None)
    socket.sethostname(plan.name)
    _mount(Path(plan.folder), plan.settled)
    _wait(lambda: "eth0" in Path("/proc/net/dev").read_text())
    network.join(plan.place, plan.others)
    started = {}
    for name, command in plan.programs.items():
        started[_start(command, _log(plan, name)).pid] = name
        if name in plan.sockets:
            _wait(Path(plan.sockets[name]).is_socket)
    ended = _first_to_end(started)
    last = _log(plan, ended).read_text(errors="replace").splitlines()[-15:]
    print(f"{ended} has ended:", *last, sep="\n", file=sys.stderr)
    return 1


def _mount(folder: Path, settled: Mapping[str, str]) -> None:
    """Give the node folders of its own where programs insist on a place, and its own view of what kubelet changes."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "run", "/run"], check=True)
    for name in ("lib", "log"):
        (folder / name).mkdir(exist_ok=True)
        _bind(folder / name, Path("/var") / name)
    for number, (path, value) in enumerate(settled.items()):
        (stand_in := folder / f"settled-{number}").write_text(value)
        _bind(stand_in, Path(path))


def _bind(source: Path, target: Path) -> None:
    subprocess.run(["mount", "--bind", source, target], check=True)


def _wait(ready: Callable[[], bool]) -> None:
    while not ready():
        time.sleep(0.02)


def _log(plan: Plan, program: str) -> Path:
    return Path(plan.folder) / f"{program}.log"


def _start(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as opened:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=opened, stderr=opened)


def _first_to_end(programs: Mapping[int, str]) -> str:
    """Take in every process that ends here, orphans too, until it is one of the programs; return its name."""
    while (ended := os.wait()[0]) not in programs:
        pass
    return programs[ended]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""A node: one process tree in namespaces of its own, with all that a kubelet needs around it."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from testbed.cluster import cgroups, enclosure, network, node_programs
from testbed.cluster.inside import Plan
from testbed.processes import Process
from testbed.site import Site

SETTLED: Final = {
    "/proc/sys/vm/overcommit_memory": "1\n",
    "/proc/sys/vm/panic_on_oom": "0\n",
    "/proc/sys/kernel/panic": "10\n",
    "/proc/sys/kernel/panic_on_oops": "1\n",
}
"""What kubelet would set for the whole machine."""

NAMESPACES: Final = ("unshare", "--mount", "--net", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc")


@dataclass(slots=True, kw_only=True)
class Node:
    """One node. Killed and started again it has the same data: its pods come back."""

    site: Site
    place: network.Place
    others: Sequence[network.Place]
    more_programs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Further programs of the node, beside containerd, kubelet and kube-proxy."""
    _process: Process = field(init=False)

    def __post_init__(self) -> None:
        self._process = Process(
            name=self.name,
            command=[*NAMESPACES, sys.executable, "-m", "testbed.cluster.inside", self.folder / "plan.json"],
            folder=self.site.folder,
        )

    @property
    def name(self) -> str:
        """Name of the node, and of its user's kubeconfig."""
        return node_name(self.place)

    @property
    def folder(self) -> Path:
        """Where its data and logs are."""
        return self.site.folder / self.name

    @property
    def group(self) -> str:
        """Its control group, which nobody else has."""
        return enclosure.group(self.name)

    def prepare(self) -> None:
        """Make the node's folder, control group and configuration."""
        self.folder.mkdir()
        cgroups.make(self.group)
        programs = node_programs.commands(self.site, self.name, self.place, self.folder, self.group)
        Plan(
            name=self.name,
            place=self.place,
            others=tuple(self.others),
            folder=str(self.folder),
            settled=SETTLED,
            programs={**programs, **self.more_programs},
            sockets={"containerd": node_programs.SOCKET},
        ).write(self.folder / "plan.json")

    def start(self) -> None:
        """Start the node's processes, and link it with the control plane."""
        self._process.start()
        self._process.wait_until(self._has_network)
        network.connect(self.place, self._pid())

    def kill(self) -> None:
        """End all of it at once, as if unplugged; its data stays."""
        self._process.kill()

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 60) -> None:
        """Return when `ready()`; raise StartFailedError when the node ends or time runs out."""
        self._process.wait_until(ready, seconds=seconds)

    def run(self, *command: str | Path) -> list[str]:
        """Return a command that runs in the node's mount, network and process namespaces."""
        return ["nsenter", "--target", str(self._pid()), "--mount", "--net", "--", *map(str, command)]

    def _pid(self) -> int:
        if self._process.pid is None:
            raise RuntimeError(f"{self.name} isn't running:\n{self._process.last_lines()}")
        return self._process.pid

    def _has_network(self) -> bool:
        """Tell whether the process has left the network namespace that it was started in."""
        return Path(f"/proc/{self._pid()}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()


def node_name(place: network.Place) -> str:
    """Return the name of the node with that number: worker-1."""
    return f"worker-{place.number}"

"""Addresses of the cluster, and the links between the control plane and the nodes.

Everything is in the enclosure's own network namespace, so no address can meet one of the machine's. The control plane
is where the bridge is; each node is at the far end of a link. Packets are routed, nothing is encapsulated.
"""

import subprocess
from dataclasses import dataclass
from typing import Final

BRIDGE: Final = "nodes"
CONTROL_PLANE: Final = ("172.30.0.1", "fd00:30::1")
"""Addresses of the control plane on the bridge."""
SERVICES: Final = ("10.0.0.0/24", "fd00:10::/112")
PODS: Final = ("10.244.0.0/16", "fd00:244::/32")
DNS: Final = "10.0.0.10"
"""The Service of the cluster's DNS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the node with this number is."""

    number: int

    @property
    def addresses(self) -> tuple[str, str]:
        """The node's own addresses, IPv4 first."""
        return f"172.30.0.{10 + self.number}", f"fd00:30::{10 + self.number}"

    @property
    def pods(self) -> tuple[str, str]:
        """Networks of the node's pods."""
        return f"10.244.{self.number}.0/24", f"fd00:244:{self.number}::/64"

    @property
    def link(self) -> str:
        """The near end of the node's link, a port of the bridge."""
        return f"node-{self.number}"


def ip(*arguments: str) -> None:
    """Change the network of the namespace that this process is in, with the program `ip`."""
    subprocess.run(["ip", *arguments], check=True)


def prepare() -> None:
    """Bring up the loopback interface and the bridge."""
    ip("link", "set", "lo", "up")
    ip("link", "add", BRIDGE, "type", "bridge")
    for address, length in zip(CONTROL_PLANE, ("24", "64"), strict=True):
        ip("address", "add", f"{address}/{length}", "dev", BRIDGE, *_undetected(address))
    ip("link", "set", BRIDGE, "up")
    # A packet needs some way before kube-proxy gives it another destination.
    for services in SERVICES:
        ip("route", "add", services, "dev", BRIDGE)


def connect(place: Place, pid: int) -> None:
    """Link the bridge with the network namespace of a process, and route to the node's pods."""
    ip("link", "add", place.link, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
    ip("link", "set", place.link, "master", BRIDGE, "up")
    for pods, address in zip(place.pods, place.addresses, strict=True):
        ip("route", "replace", pods, "via", address)


def join(place: Place, others: tuple[Place, ...]) -> None:
    """Give a node its addresses, and routes to everybody else; called in the node's own namespace."""
    ip("link", "set", "lo", "up")
    for address, length in zip(place.addresses, ("24", "64"), strict=True):
        ip("address", "add", f"{address}/{length}", "dev", "eth0", *_undetected(address))
    ip("link", "set", "eth0", "up")
    for gateway in CONTROL_PLANE:
        ip("route", "add", "default", "via", gateway)
    for other in others:
        for pods, address in zip(other.pods, other.addresses, strict=True):
            ip("route", "add", pods, "via", address)


def _undetected(address: str) -> list[str]:
    """Return the option by which an IPv6 address can be used at once: nobody else can have it."""
    return ["nodad"] if ":" in address else []

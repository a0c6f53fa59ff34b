"""The preview of a drain: what happens to the virtual machines of a node, by who drains it.

Whether all fit at once is judged by the CPU and memory that virt-launcher pods ask for. Other pods are not known, so
it is an estimate. What has the fewest eligible nodes gets a target first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from webhook.engine.wording import listed, named
from webhook.foresight.eviction import Eviction, Outcome, eviction
from webhook.foresight.harvester import maintenance, upgrade
from webhook.foresight.survey import Survey
from webhook.objects.amount import NOTHING, Amount
from webhook.state.nodes import NodeSet

_WORDS: Final[Mapping[Outcome, tuple[str, str]]] = {
    Outcome.MOVES: ("moves", "move"),
    Outcome.STAYS: ("stays", "stay"),
    Outcome.SHUT_DOWN: ("would be shut down", "would be shut down"),
}


class Drainer(StrEnum):
    """Who empties the node."""

    KUBECTL = "kubectl"
    MAINTENANCE = "harvester-maintenance"
    UPGRADE = "harvester-upgrade"


class Drain(Struct, frozen=True, kw_only=True):
    """A node's drain. `evictions` are in an order that works; what moves comes first.

    `refused` says why it doesn't even begin, "" where it does.
    """

    node: str
    evictions: tuple[Eviction, ...]
    refused: str = ""

    def with_outcome(self, outcome: Outcome) -> tuple[Eviction, ...]:
        """Return the evictions with this outcome."""
        return tuple(eviction for eviction in self.evictions if eviction.outcome is outcome)

    @property
    def without_room(self) -> tuple[Eviction, ...]:
        """Those that could move, but find no room while the others move too."""
        return tuple(eviction for eviction in self.with_outcome(Outcome.MOVES) if not eviction.target)

    @property
    def blocked(self) -> bool:
        """Tell whether the drain can't end: something stays, or finds no room."""
        return bool(self.refused or self.with_outcome(Outcome.STAYS) or self.without_room)

    @property
    def harmless(self) -> bool:
        """Tell whether every virtual machine moves."""
        return not self.blocked and not self.with_outcome(Outcome.SHUT_DOWN)


class Capacity:
    """What virt-launcher pods leave of the nodes; a node that says nothing about itself takes anything."""

    def __init__(self, survey: Survey) -> None:
        """Compute what is left of each node."""
        pods, nodes = survey.snapshot.pods, survey.snapshot.nodes
        self._unbounded = frozenset(node.name for node in nodes if node.allocatable == NOTHING)
        left = {node.name: node.allocatable - pods.asked(node.name) for node in nodes}
        self._left = dict(sorted(left.items(), key=lambda item: (-item[1].memory, item[0])))
        self._nodes = {name: nodes.named(name) for name in self._left}

    def best_node(self, nodes: NodeSet, requests: Amount, taken: Mapping[str, Amount]) -> str:
        """Return the node of a set that has most memory left and room for this, "" for none.

        `taken` is what the virtual machines before it took of each node.
        """
        untouched = (n for n, bit in self._nodes.items() if nodes & bit and n not in taken and self._fits(n, requests))
        touched = (n for n, used in taken.items() if nodes & self._nodes[n] and self._fits(n, used + requests))
        choices = (*islice(untouched, 1), *touched)
        return max(choices, key=lambda name: (self._left[name] - taken.get(name, NOTHING)).memory, default="")

    def _fits(self, name: str, requests: Amount) -> bool:
        return name in self._unbounded or requests.fits(self._left[name])


def drain(survey: Survey, node: str, capacity: Capacity | None = None, drainer: Drainer = Drainer.KUBECTL) -> Drain:
    """Preview a drain; `capacity` may be shared between the drains of one survey."""
    capacity = capacity or Capacity(survey)
    evictions, refused = _evictions(survey, node, drainer)
    moving = [each for each in evictions if each.outcome is Outcome.MOVES]
    others = [each for each in evictions if each.outcome is not Outcome.MOVES]
    return Drain(node=node, evictions=(*_with_targets(moving, capacity), *others), refused=refused)


def drains(survey: Survey) -> Iterator[Drain]:
    """Preview the drain of each node, one at a time."""
    capacity = Capacity(survey)
    for node in survey.by_node:
        yield drain(survey, node, capacity)


def conclusion(drain: Drain) -> str:
    """Return the drain's end in one line."""
    if drain.refused:
        return f"{named(drain.node)}: {drain.refused}."
    if not drain.evictions:
        return f"{named(drain.node)} runs no VM: nothing to move."
    counts = [(len(drain.with_outcome(outcome)), words) for outcome, words in _WORDS.items()]
    told = listed(f"{count} {words[count != 1]}" for count, words in counts if count)
    without_room = f", but {len(drain.without_room)} of them without room" if drain.without_room else ""
    machines = "1 VM" if len(drain.evictions) == 1 else f"{len(drain.evictions)} VMs"
    end = "would not end" if drain.blocked else "would end"
    return f"{named(drain.node)} runs {machines}: {told}{without_room}. The drain {end}."


def _evictions(survey: Survey, node: str, drainer: Drainer) -> tuple[Sequence[Eviction], str]:
    """Return the evictions without targets, and why there is no drain at all."""
    if drainer is Drainer.MAINTENANCE:
        return maintenance(survey, node)
    if drainer is Drainer.UPGRADE:
        return upgrade(survey, node), ""
    findings, kubevirt = survey.by_node.get(node, ()), survey.snapshot.kubevirt
    return [eviction(finding, kubevirt, survey.policy) for finding in findings], ""


def _with_targets(moving: Iterable[Eviction], capacity: Capacity) -> Iterator[Eviction]:
    """Give each a target: first to those with the fewest eligible nodes, and of these to what asks for most memory."""
    taken: dict[str, Amount] = {}
    for each in sorted(moving, key=lambda each: (each.finding.eligible.bit_count(), -each.requests.memory)):
        if each.target:
            yield each
            continue
        target = capacity.best_node(each.finding.eligible, each.requests, taken)
        if target:
            taken[target] = taken.get(target, NOTHING) + each.requests
        yield replace(each, target=target, why="" if target else "no room while the others move too")

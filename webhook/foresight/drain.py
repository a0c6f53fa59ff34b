"""What happens to the virtual machines of a node when it is drained, foretold.

KubeVirt's eviction strategy decides what an eviction does: `LiveMigrate` moves the virtual machine or holds the drain,
`LiveMigrateIfPossible` moves it or shuts it down, `None` (the default) shuts it down though it could move, `External`
leaves it to somebody else.
Source: KubeVirt `pkg/virt-api/webhooks/validating-webhook/admitters/pod-eviction-admitter.go`.

Whether all fit at once is judged by the CPU and memory that virt-launcher pods ask for: other pods are not known, so
it is a foretelling, no promise. Each node takes in first what asks for most memory.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import islice
from typing import Final

from msgspec import Struct

from webhook.engine.wording import listed, named
from webhook.foresight.survey import Finding, Survey
from webhook.objects.amount import NOTHING, Amount
from webhook.state.nodes import NodeSet


class Outcome(StrEnum):
    """What a drain does to a virtual machine."""

    MOVES = "moves"
    STAYS = "stays"
    SHUT_DOWN = "shut down"


_WORDS: Final[Mapping[Outcome, tuple[str, str]]] = {
    Outcome.MOVES: ("moves", "move"),
    Outcome.STAYS: ("stays", "stay"),
    Outcome.SHUT_DOWN: ("would be shut down", "would be shut down"),
}


class Eviction(Struct, frozen=True, kw_only=True):
    """One virtual machine: `target` is the node that was found for it, "" for none; `why` is "" where it moves."""

    finding: Finding
    outcome: Outcome
    target: str = ""
    why: str = ""


class Drain(Struct, frozen=True, kw_only=True):
    """A node's drain. `evictions` are in an order that works; what moves comes first."""

    node: str
    evictions: tuple[Eviction, ...]

    def those(self, outcome: Outcome) -> tuple[Eviction, ...]:
        """Return those with this outcome."""
        return tuple(eviction for eviction in self.evictions if eviction.outcome is outcome)

    @property
    def homeless(self) -> tuple[Eviction, ...]:
        """Those that could move, but find no room while the others move too."""
        return tuple(eviction for eviction in self.those(Outcome.MOVES) if not eviction.target)

    @property
    def blocked(self) -> bool:
        """Tell whether the drain can't end: something stays, or finds no room."""
        return bool(self.those(Outcome.STAYS) or self.homeless)


class Room:
    """What the nodes have left to give, taken by one virtual machine after the other."""

    def __init__(self, survey: Survey) -> None:
        """Reckon what virt-launcher pods leave of each node; a node that says nothing about itself takes anything."""
        pods, nodes = survey.snapshot.pods, survey.snapshot.nodes
        self._silent = frozenset(node.name for node in nodes if node.allocatable == NOTHING)
        left = {node.name: node.allocatable - pods.asked(node.name) for node in nodes}
        self._left = dict(sorted(left.items(), key=lambda item: (-item[1].memory, item[0])))
        self._nodes = {name: nodes.named(name) for name in self._left}

    def best(self, nodes: NodeSet, wanted: Amount, taken: Mapping[str, Amount]) -> str:
        """Return the node of a set that has most memory left and room for this, "" for none."""
        untouched = (n for n, bit in self._nodes.items() if nodes & bit and n not in taken and self._fits(n, wanted))
        touched = (n for n, used in taken.items() if nodes & self._nodes[n] and self._fits(n, used + wanted))
        choices = (*islice(untouched, 1), *touched)
        return max(choices, key=lambda name: (self._left[name] - taken.get(name, NOTHING)).memory, default="")

    def _fits(self, name: str, wanted: Amount) -> bool:
        return name in self._silent or wanted.fits(self._left[name])


def drain(survey: Survey, node: str, room: Room | None = None) -> Drain:
    """Foretell a drain; `room` may be shared between the drains of one survey."""
    room = room or Room(survey)
    taken: dict[str, Amount] = {}
    evictions = [_eviction(finding, survey) for finding in survey.by_node.get(node, ())]
    moving = [_housed(eviction, room, taken) for eviction in _in_order(evictions)]
    others = [eviction for eviction in evictions if eviction.outcome is not Outcome.MOVES]
    return Drain(node=node, evictions=(*moving, *others))


def drains(survey: Survey) -> Iterator[Drain]:
    """Foretell the drain of each node, one at a time."""
    room = Room(survey)
    for node in survey.by_node:
        yield drain(survey, node, room)


def strategy(finding: Finding, survey: Survey) -> str:
    """Return the eviction strategy that holds: the virtual machine's, else the cluster's, else `None`."""
    kubevirt = survey.snapshot.kubevirt
    return finding.vmi.eviction_strategy or (kubevirt.eviction_strategy if kubevirt else "") or "None"


def conclusion(drain: Drain) -> str:
    """Return the drain's end in one line."""
    if not drain.evictions:
        return f"{named(drain.node)} runs no VM: nothing to move."
    counts = [(drain.those(outcome), words) for outcome, words in _WORDS.items()]
    told = listed(f"{len(evictions)} {words[len(evictions) != 1]}" for evictions, words in counts if evictions)
    homeless = f", but {len(drain.homeless)} of them without room" if drain.homeless else ""
    machines = "1 VM" if len(drain.evictions) == 1 else f"{len(drain.evictions)} VMs"
    end = "would not end" if drain.blocked else "would end"
    return f"{named(drain.node)} runs {machines}: {told}{homeless}. The drain {end}."


def _eviction(finding: Finding, survey: Survey) -> Eviction:
    movable = finding.migratable and bool(finding.eligible)
    match strategy(finding, survey), movable:
        case (("LiveMigrate" | "LiveMigrateIfPossible"), True):
            return Eviction(finding=finding, outcome=Outcome.MOVES)
        case "LiveMigrate", False:
            return Eviction(finding=finding, outcome=Outcome.STAYS, why=_why(finding))
        case "External", _:
            return Eviction(finding=finding, outcome=Outcome.STAYS, why="its eviction strategy is External")
        case "LiveMigrateIfPossible", False:
            return Eviction(finding=finding, outcome=Outcome.SHUT_DOWN, why=_why(finding))
        case _:
            return Eviction(finding=finding, outcome=Outcome.SHUT_DOWN, why=_needlessly(finding, movable=movable))


def _why(finding: Finding) -> str:
    return ", ".join(finding.restrictions) or "no node can take it"


def _needlessly(finding: Finding, *, movable: bool) -> str:
    return "no eviction strategy, though it could move" if movable else _why(finding)


def _in_order(evictions: Iterable[Eviction]) -> list[Eviction]:
    """Put first who has the fewest nodes to go to, and of those who asks for most."""
    moving = [eviction for eviction in evictions if eviction.outcome is Outcome.MOVES]
    return sorted(moving, key=lambda e: (e.finding.eligible.bit_count(), -_wanted(e.finding).memory))


def _housed(eviction: Eviction, room: Room, taken: dict[str, Amount]) -> Eviction:
    wanted = _wanted(eviction.finding)
    target = room.best(eviction.finding.eligible, wanted, taken)
    if not target:
        return Eviction(finding=eviction.finding, outcome=Outcome.MOVES, why="no room while the others move too")
    taken[target] = taken.get(target, NOTHING) + wanted
    return Eviction(finding=eviction.finding, outcome=Outcome.MOVES, target=target)


def _wanted(finding: Finding) -> Amount:
    return finding.placement.pod.requests if finding.placement else NOTHING

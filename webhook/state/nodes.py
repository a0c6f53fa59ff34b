"""The nodes, indexed by their labels and states: which nodes carry a label is one look-up, whatever their number.

A set of nodes is an integer with one bit for each node. So nodes that look alike are judged once, and what a rule
costs grows with the different values of a label, not with the nodes.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from enum import Enum
from itertools import islice
from typing import Final, Self

from webhook.objects.node import Node
from webhook.objects.scheduling import NAME_FIELD, Requirement, Taint
from webhook.state.table import Key, Table

NodeSet = int
Sets = Mapping[Hashable, NodeSet]

_NONE: Final[Sets] = {}
STEPS_OF_A_REQUIREMENT: Final = 100
STEPS_OF_A_VALUE: Final = 3


class Attribute(Enum):
    """What nodes are indexed by, besides the keys of their labels."""

    __hash__ = object.__hash__  # in C; the one of Enum is not

    NAME = "name"
    TAINT = "taint"
    STATE = "state"


class NodeState(Enum):
    """States in which a node takes no virtual machines."""

    __hash__ = object.__hash__  # in C; the one of Enum is not

    UNSCHEDULABLE = "unschedulable"
    NOT_READY = "not ready"
    MAINTENANCE = "maintenance"


class NodeTable(Table[Node]):
    """The nodes. A changed node changes only the sets that it enters or leaves."""

    __slots__ = ("_names", "_sets", "all")

    def __init__(
        self,
        namespaces: Mapping[str, Mapping[str, Node]] | None = None,
        names: tuple[str, ...] = (),
        sets: Mapping[str | Attribute, Sets] | None = None,
    ) -> None:
        """Take the nodes, their names by position ("" where no node has it) and the sets."""
        super().__init__(namespaces)
        self._names = names
        self._sets = sets or {}
        self.all: NodeSet = sum(1 << position for position, name in enumerate(names) if name)

    def having(self, requirement: Requirement) -> NodeSet:
        """Return the nodes that meet a requirement."""
        key = Attribute.NAME if requirement.field and requirement.key == NAME_FIELD else requirement.key
        sets = self._sets.get(key, _NONE)
        match requirement.operator:
            case "In":
                return _union(sets, requirement.values)
            case "NotIn":
                return self.all & ~_union(sets, requirement.values)
            case "Exists":
                return _union(sets, sets)
            case "DoesNotExist":
                return self.all & ~_union(sets, sets)
        return _union(sets, (value for value in sets if requirement.accepts(str(value))))

    def steps(self, requirement: Requirement) -> int:
        """Return how much has to be looked at to tell which nodes meet a requirement, and to say so."""
        looked_at = () if requirement.operator in {"In", "NotIn"} else self._sets.get(requirement.key, _NONE)
        return STEPS_OF_A_REQUIREMENT + len(requirement.values) + STEPS_OF_A_VALUE * len(looked_at)

    def meeting(self, requirements: Iterable[Requirement]) -> NodeSet:
        """Return the nodes that meet all of these requirements."""
        nodes = self.all
        for requirement in requirements:
            nodes &= self.having(requirement)
        return nodes

    def lacking(self, requirement: Requirement) -> NodeSet:
        """Return the nodes that don't meet a requirement."""
        return self.all & ~self.having(requirement)

    def labelled(self, key: str, value: str) -> NodeSet:
        """Return the nodes that carry a label with this value."""
        return self._sets.get(key, _NONE).get(value, 0)

    def values(self, key: str) -> Mapping[Hashable, NodeSet]:
        """Return a label's values and who carries them."""
        return self._sets.get(key, _NONE)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the labels' keys that begin like this, without the prefix."""
        return (
            key.removeprefix(prefix) for key in self._sets if not isinstance(key, Attribute) and key.startswith(prefix)
        )

    def named(self, name: str) -> NodeSet:
        """Return the set of one node, the empty one when there is none of that name."""
        return self._sets.get(Attribute.NAME, _NONE).get(name, 0)

    def domains(self, key: str, names: Iterable[str]) -> NodeSet:
        """Return the nodes with the same value of a label as any of these; those without it have none like them."""
        views = (self.get("", name) for name in names)
        return _union(self._sets.get(key, _NONE), {view.label(key) for view in views if view})

    def in_state(self, state: NodeState) -> NodeSet:
        """Return the nodes in a state."""
        return self._sets.get(Attribute.STATE, _NONE).get(state, 0)

    def taints(self) -> Iterator[tuple[Taint, NodeSet]]:
        """Yield each distinct taint and the nodes that have it."""
        for taint, nodes in self._sets.get(Attribute.TAINT, _NONE).items():
            if isinstance(taint, Taint):
                yield taint, nodes

    def names(self, nodes: NodeSet, limit: int | None = None) -> tuple[str, ...]:
        """Return the names of the nodes of a set in order, at most `limit` of them."""
        return tuple(sorted(islice(self.each(nodes), limit)))

    def each(self, nodes: NodeSet) -> Iterator[str]:
        """Yield the names of the nodes of a set, in no order."""
        while nodes:
            lowest = nodes & -nodes
            yield self._names[lowest.bit_length() - 1]
            nodes ^= lowest

    def carrying(self, labels: Iterable[tuple[str, str]], namespace: str = "") -> Iterator[Key]:
        """Yield the keys of the nodes that carry all these labels."""
        nodes = self.all
        for label in labels:
            nodes &= self.labelled(*label)
        return ((namespace, name) for name in self.each(nodes))

    def replaced(self, changes: Mapping[Key, Node | None]) -> Self:
        """Make the successor: each node leaves the sets of what it had, and enters those of what it has."""
        bits = self._bits(changes)
        names = list(self._names) + [""] * (max(bits.values()).bit_length() - len(self._names))
        for key, bit in bits.items():
            names[bit.bit_length() - 1] = key[1] if changes[key] else ""
        toggles = (
            (*attribute, bits[key])
            for key, node in changes.items()
            for attribute in _attributes(self.get(*key)) ^ _attributes(node)
        )
        return type(self)(self._successor(changes), tuple(names), _toggled(self._sets, toggles))

    def _bits(self, keys: Iterable[Key]) -> Mapping[Key, NodeSet]:
        """Return the bit of each node, the lowest free one for a new node."""
        bits: dict[Key, NodeSet] = {}
        free = ~self.all
        for key in sorted(keys):
            bits[key] = self.named(key[1]) or (free & -free)
            free &= ~bits[key]
        return bits


def _union(sets: Sets, values: Iterable[Hashable]) -> NodeSet:
    nodes = 0
    for value in values:
        nodes |= sets.get(value, 0)
    return nodes


def _toggled(
    sets: Mapping[str | Attribute, Sets], toggles: Iterable[tuple[str | Attribute, Hashable, NodeSet]]
) -> Mapping[str | Attribute, Sets]:
    """Return the sets with each node taken out of the set that it is in, or put into the one that it isn't in."""
    touched: dict[str | Attribute, dict[Hashable, NodeSet]] = {}
    for attribute, value, bit in toggles:
        if attribute not in touched:
            touched[attribute] = dict(sets.get(attribute, _NONE))
        touched[attribute][value] = touched[attribute].get(value, 0) ^ bit
    kept = {
        attribute: {value: nodes for value, nodes in values.items() if nodes} for attribute, values in touched.items()
    }
    return {attribute: values for attribute, values in {**sets, **kept}.items() if values}


def _attributes(node: Node | None) -> set[tuple[str | Attribute, Hashable]]:
    if node is None:
        return set()
    states = {
        NodeState.UNSCHEDULABLE: node.unschedulable,
        NodeState.NOT_READY: not node.ready,
        NodeState.MAINTENANCE: node.maintenance,
    }
    return {
        *node.labels,
        (Attribute.NAME, node.name),
        *((Attribute.TAINT, taint) for taint in node.taints),
        *((Attribute.STATE, state) for state, holds in states.items() if holds),
    }

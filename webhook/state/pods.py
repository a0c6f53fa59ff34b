"""The pods, indexed by their VMI, their node, and the labels that their anti-affinity selects."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Final, Self

from msgspec import Struct

from webhook.objects.amount import NOTHING, Amount, total
from webhook.objects.labels import CREATED_BY, LAUNCHER
from webhook.objects.pod import Pod
from webhook.objects.scheduling import PodTerm, Selector
from webhook.state.table import Key, Table

Groups = Mapping[Hashable, tuple[Pod, ...]]

_NONE: Final[Groups] = {}


class Index(Enum):
    """What pods are indexed by."""

    __hash__ = object.__hash__  # in C; the one of Enum is not

    VMI = "the UID of the VMI whose launcher it is"
    NODE = "the node that it occupies"
    ANTI_AFFINITY = "a label of all pods that a term of its anti-affinity selects"


class Taken(Struct, frozen=True, kw_only=True):
    """What the pods on a node take of it."""

    pods: int
    requests: Amount


NOTHING_TAKEN: Final = Taken(pods=0, requests=NOTHING)


class PodTable(Table[Pod]):
    """The pods. A changed pod changes only the groups that it is in."""

    __slots__ = ("_groups", "_taken")

    def __init__(
        self,
        namespaces: Mapping[str, Mapping[str, Pod]] | None = None,
        groups: Mapping[Index, Groups] | None = None,
        taken: Mapping[str, Taken] | None = None,
    ) -> None:
        """Take the pods, their groups, and what they take of each node."""
        super().__init__(namespaces)
        self._groups = groups or {}
        self._taken = taken or {}

    def launchers(self, uid: str) -> tuple[Pod, ...]:
        """Return the launcher pods of a VMI, ended ones too."""
        return tuple(pod for pod in self._group(Index.VMI, uid) if pod.vmi == uid)

    def on(self, node: str) -> tuple[Pod, ...]:
        """Return the pods that occupy a node."""
        return self._group(Index.NODE, node)

    def asked(self, node: str) -> Amount:
        """Return what the pods on a node ask for together."""
        return self.taken(node).requests

    def taken(self, node: str) -> Taken:
        """Return what the pods on a node take of it."""
        return self._taken.get(node, NOTHING_TAKEN)

    def selected(self, selector: Selector | None, namespaces: frozenset[str] | None) -> list[Pod]:
        """Return the pods of these namespaces (None: of all) that occupy a node and are selected."""
        if selector is None:
            return []
        return [
            pod
            for pod in self._candidates(selector, namespaces)
            if pod.occupies
            and (namespaces is None or pod.metadata.namespace in namespaces)
            and selector.matches(pod.metadata.labels)
        ]

    def among(self, selector: Selector, namespaces: Iterable[str] | None) -> int:
        """Return among how many pods those are looked for that `selected` returns."""
        creator = selector.value_of(CREATED_BY)
        if creator is not None:
            return len(self._group(Index.VMI, creator))
        places = self._namespaces if namespaces is None else namespaces
        return sum(len(self._namespaces.get(place, ())) for place in places)

    def repelling(self, labels: Mapping[str, str]) -> int:
        """Return how many pods `with_anti_affinity` yields for these labels."""
        groups = self._groups.get(Index.ANTI_AFFINITY, _NONE)
        return sum(len(groups.get(label, ())) for label in (*labels.items(), None))

    def with_anti_affinity(self, labels: Mapping[str, str]) -> Iterator[Pod]:
        """Yield the pods on nodes whose anti-affinity selects a pod with these labels, and some more."""
        groups = self._groups.get(Index.ANTI_AFFINITY, _NONE)
        for label in (*labels.items(), None):
            yield from groups.get(label, ())

    def carrying(self, labels: Iterable[tuple[str, str]], namespace: str = "") -> Iterator[Key]:
        """Yield the keys of the pods that carry all these labels; those of one VMI without looking at the others."""
        wanted = frozenset(labels)
        creator = next((uid for key, uid in wanted if key == CREATED_BY), None)
        if creator is None:
            return super().carrying(wanted, namespace)
        pods = (pod.metadata for pod in self._group(Index.VMI, creator) if wanted <= pod.metadata.labels.items())
        return (pod.key for pod in pods if namespace in {"", pod.namespace})

    def replaced(self, changes: Mapping[Key, Pod | None]) -> Self:
        """Make the successor: each pod leaves the groups that it was in, and enters those that it is in."""
        touched: dict[tuple[Index, Hashable], dict[Key, Pod]] = {}

        def members(index: Index, value: Hashable) -> dict[Key, Pod]:
            if (index, value) not in touched:
                touched[index, value] = {pod.metadata.key: pod for pod in self._group(index, value)}
            return touched[index, value]

        for key, pod in changes.items():
            for group in _indexed(self.get(*key)):
                members(*group).pop(key, None)
            if pod is not None:
                for group in _indexed(pod):
                    members(*group)[key] = pod
        groups = self._regrouped(touched)
        nodes = {str(value) for index, value in touched if index is Index.NODE}
        taken = {**self._taken, **{node: _taken(groups[Index.NODE].get(node, ())) for node in nodes}}
        return type(self)(self._successor(changes), groups, {node: some for node, some in taken.items() if some.pods})

    def _regrouped(self, touched: Mapping[tuple[Index, Hashable], Mapping[Key, Pod]]) -> Mapping[Index, Groups]:
        groups = {index: dict(self._groups.get(index, _NONE)) for index in {index for index, _ in touched}}
        for (index, value), pods in touched.items():
            groups[index][value] = tuple(pods.values())
            if not pods:
                del groups[index][value]
        return {**self._groups, **groups}

    def _group(self, index: Index, value: Hashable) -> tuple[Pod, ...]:
        return self._groups.get(index, _NONE).get(value, ())

    def _candidates(self, selector: Selector, namespaces: frozenset[str] | None) -> Iterable[Pod]:
        """Return the pods among which those are that may be selected: as few as an index can tell."""
        creator = selector.value_of(CREATED_BY)
        if creator is not None:
            return self._group(Index.VMI, creator)
        return (pod for place in ([""] if namespaces is None else namespaces) for _, pod in self.items(place))


def _taken(pods: tuple[Pod, ...]) -> Taken:
    return Taken(pods=len(pods), requests=total(pod.requests for pod in pods))


def _indexed(pod: Pod | None) -> Iterator[tuple[Index, Hashable]]:
    if pod is None:
        return
    for uid in {pod.vmi, pod.metadata.labels.get(CREATED_BY, "")} - {""}:
        yield Index.VMI, uid
    if pod.occupies:
        yield Index.NODE, pod.node
        for term in pod.anti_affinity:
            yield Index.ANTI_AFFINITY, _label_of_all(term)


def _label_of_all(term: PodTerm) -> tuple[str, str] | None:
    """Return a label of all pods that the term selects, a rarer one than a launcher's if there is one, else None."""
    pairs = sorted(term.selector.pairs) if term.selector else []
    return next((pair for pair in pairs if pair != LAUNCHER), LAUNCHER if LAUNCHER in pairs else None)

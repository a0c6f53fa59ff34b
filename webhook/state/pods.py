"""The pods, indexed by whose launcher they are, where they run, and whom they keep away."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Final, Self

from webhook.objects.amount import Amount
from webhook.objects.labels import CREATED_BY, LAUNCHER
from webhook.objects.pod import Pod
from webhook.objects.scheduling import PodTerm, Selector
from webhook.state.table import Key, Table

Groups = Mapping[Hashable, tuple[Pod, ...]]

_NOBODY: Final[Groups] = {}


class Trait(Enum):
    """What pods are grouped by."""

    __hash__ = object.__hash__  # in C; the one of Enum is not

    VMI = "the VMI whose launcher it is"
    NODE = "where it runs"
    REPELS = "a label of pods that it may keep away"


class PodTable(Table[Pod]):
    """The pods. A changed pod changes only the groups that it is in."""

    __slots__ = ("_groups",)

    def __init__(
        self,
        namespaces: Mapping[str, Mapping[str, Pod]] | None = None,
        groups: Mapping[Trait, Groups] | None = None,
    ) -> None:
        """Take the pods and their groups."""
        super().__init__(namespaces)
        self._groups = groups or {}

    def launchers(self, uid: str) -> tuple[Pod, ...]:
        """Return the launcher pods of a VMI, ended ones too."""
        return tuple(pod for pod in self._group(Trait.VMI, uid) if pod.vmi == uid)

    def on(self, node: str) -> tuple[Pod, ...]:
        """Return the pods that occupy a node."""
        return self._group(Trait.NODE, node)

    def asked(self, node: str) -> Amount:
        """Return the CPU and memory that the pods on a node ask for together."""
        requests = [pod.requests for pod in self.on(node)]
        # Summed up as numbers: a node has a hundred pods.
        return Amount(cpu=sum(each.cpu for each in requests), memory=sum(each.memory for each in requests))

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

    def repelling(self, labels: Mapping[str, str]) -> Iterator[Pod]:
        """Yield all pods that occupy a node and may keep away a pod with these labels, and some that don't."""
        repelling = self._groups.get(Trait.REPELS, _NOBODY)
        for pair in (*labels.items(), None):
            yield from repelling.get(pair, ())

    def carrying(self, labels: Iterable[tuple[str, str]], namespace: str = "") -> Iterator[Key]:
        """Yield the keys of the pods that carry all these labels; those of one VMI without looking at the others."""
        wanted = frozenset(labels)
        creator = next((uid for key, uid in wanted if key == CREATED_BY), None)
        if creator is None:
            return super().carrying(wanted, namespace)
        pods = (pod.metadata for pod in self._group(Trait.VMI, creator) if wanted <= pod.metadata.labels.items())
        return (pod.key for pod in pods if namespace in {"", pod.namespace})

    def replaced(self, changes: Mapping[Key, Pod | None]) -> Self:
        """Make the successor: each pod leaves the groups that it was in, and enters those that it is in."""
        touched: dict[tuple[Trait, Hashable], dict[Key, Pod]] = {}

        def members(trait: Trait, value: Hashable) -> dict[Key, Pod]:
            if (trait, value) not in touched:
                touched[trait, value] = {pod.metadata.key: pod for pod in self._group(trait, value)}
            return touched[trait, value]

        for key, pod in changes.items():
            for group in _traits(self.get(*key)):
                members(*group).pop(key, None)
            if pod is not None:
                for group in _traits(pod):
                    members(*group)[key] = pod
        return type(self)(self._successor(changes), self._regrouped(touched))

    def _regrouped(self, touched: Mapping[tuple[Trait, Hashable], Mapping[Key, Pod]]) -> Mapping[Trait, Groups]:
        groups = {trait: dict(self._groups.get(trait, _NOBODY)) for trait in {trait for trait, _ in touched}}
        for (trait, value), pods in touched.items():
            groups[trait][value] = tuple(pods.values())
            if not pods:
                del groups[trait][value]
        return {**self._groups, **groups}

    def _group(self, trait: Trait, value: Hashable) -> tuple[Pod, ...]:
        return self._groups.get(trait, _NOBODY).get(value, ())

    def _candidates(self, selector: Selector, namespaces: frozenset[str] | None) -> Iterable[Pod]:
        """Return the pods among which those are that may be selected: as few as an index can tell."""
        creator = selector.value_of(CREATED_BY)
        if creator is not None:
            return self._group(Trait.VMI, creator)
        return (pod for place in ([""] if namespaces is None else namespaces) for _, pod in self.items(place))


def _traits(pod: Pod | None) -> Iterator[tuple[Trait, Hashable]]:
    if pod is None:
        return
    for uid in {pod.vmi, pod.metadata.labels.get(CREATED_BY, "")} - {""}:
        yield Trait.VMI, uid
    if pod.occupies:
        yield Trait.NODE, pod.node
        for term in pod.anti_affinity:
            yield Trait.REPELS, _telling_pair(term)


def _telling_pair(term: PodTerm) -> tuple[str, str] | None:
    """Return a label that all pods have whom the term keeps away; one that tells more than "a launcher", if it can."""
    pairs = sorted(term.selector.pairs) if term.selector else []
    return next((pair for pair in pairs if pair != LAUNCHER), LAUNCHER if LAUNCHER in pairs else None)

"""What a pod asks of a node by itself, whatever else runs there; many virtual machines ask for the same."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Final

from webhook.objects.scheduling import Requirement, Taint, Toleration
from webhook.state.nodes import NodeSet, NodeTable

KEEPS_AWAY: Final = frozenset({"NoSchedule", "NoExecute"})
"""Effects of taints that keep a pod from a node."""

TOLERATED_FOR_A_WHILE: Final = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
"""Taints with the effect NoExecute that the API server lets every pod tolerate, which doesn't say so itself."""

USUAL: Final = 8192
"""Characters of a node selector, or of a node affinity, that are remembered for the next pod that asks the same."""
USUAL_TOLERATIONS: Final = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class Demands:
    """Requirements for a node's labels, and the taints that are tolerated; `demands` makes the same ones only once.

    `selected` and `required` hold in any case (from the node selector, and from the affinity); one of the
    `alternatives` must be met besides, None where nothing more is asked.
    """

    selected: tuple[Requirement, ...]
    required: tuple[Requirement, ...]
    alternatives: tuple[tuple[Requirement, ...], ...] | None
    tolerations: tuple[Toleration, ...]

    def selecting(self, nodes: NodeTable) -> NodeSet:
        """Return the nodes that the node selector and the node affinity accept."""
        return nodes.meeting((*self.selected, *self.required)) & self.meeting_an_alternative(nodes)

    def meeting_an_alternative(self, nodes: NodeTable) -> NodeSet:
        """Return the nodes that meet at least one alternative, all where there is none to meet."""
        if self.alternatives is None:
            return nodes.all
        accepted = 0
        for alternative in self.alternatives:
            accepted |= nodes.meeting(alternative)
        return accepted

    def tolerates(self, taint: Taint) -> bool:
        """Tell whether the pod may run in spite of a taint."""
        return any(toleration.tolerates(taint) for toleration in self.tolerations)

    def untolerated(self, nodes: NodeTable) -> Iterator[tuple[Taint, NodeSet]]:
        """Yield each taint that keeps the pod away, and the nodes that have it."""
        for taint, tainted in nodes.taints():
            if taint.effect in KEEPS_AWAY and not self.tolerates(taint):
                yield taint, tainted


def demands(
    node_selector: tuple[tuple[str, str], ...],
    node_terms: tuple[tuple[Requirement, ...], ...] | None,
    tolerations: tuple[Toleration, ...],
) -> Demands:
    """Return what a pod with these rules asks of a node, once the API server has added its own tolerations."""
    usual = sum(map(len, chain.from_iterable(node_selector))) <= USUAL and not (node_terms and _are_long(node_terms))
    return (_remembered if usual and len(tolerations) <= USUAL_TOLERATIONS else _demands)(
        node_selector, node_terms, tolerations
    )


def _are_long(terms: tuple[tuple[Requirement, ...], ...]) -> bool:
    texts = (text for term in terms for requirement in term for text in (requirement.key, *requirement.values))
    return sum(map(len, texts)) > USUAL


def _demands(
    node_selector: tuple[tuple[str, str], ...],
    node_terms: tuple[tuple[Requirement, ...], ...] | None,
    tolerations: tuple[Toleration, ...],
) -> Demands:
    required, alternatives = _factored(node_terms)
    return Demands(
        selected=tuple(Requirement(key=key, values=(value,)) for key, value in node_selector),
        required=required,
        alternatives=alternatives,
        tolerations=(*tolerations, *_default_tolerations(tolerations)),
    )


_remembered: Final = lru_cache(maxsize=256)(_demands)
"""Strangers write what demands are made of: with the bound on its size, they hold at most 4 MiB of text."""


def _default_tolerations(tolerations: tuple[Toleration, ...]) -> Iterable[Toleration]:
    for key in TOLERATED_FOR_A_WHILE:
        if not any(own.key in {"", key} and own.effect in {"", "NoExecute"} for own in tolerations):
            yield Toleration(key=key, operator="Exists", effect="NoExecute")


def _factored(
    terms: tuple[tuple[Requirement, ...], ...] | None,
) -> tuple[tuple[Requirement, ...], tuple[tuple[Requirement, ...], ...] | None]:
    """Split alternatives into what all ask for, and what remains of each: (A and N) or (B and N) is N and (A or B).

    So what KubeVirt and Harvester write into every alternative keeps its own name. An empty alternative is met by no
    node; where nothing remains of one, the common part is all that is asked.
    """
    if terms is None:
        return (), None
    met = [term for term in terms if term]
    shared = frozenset(met[0]).intersection(*met[1:]) if met else frozenset()
    common = tuple(r for r in dict.fromkeys(met[0]) if r in shared) if met else ()
    rests = tuple(tuple(r for r in term if r not in shared) for term in met)
    return common, None if met and not all(rests) else rests

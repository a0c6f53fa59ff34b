"""What a pod asks of a node by itself, whatever else runs there; many virtual machines ask for the same."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from webhook.objects.scheduling import Requirement, Toleration

FAMILIES: Final[Mapping[str, str]] = {
    "kubevirt.io/schedulable": "virt-not-schedulable",
    "kubernetes.io/arch": "architecture",
    "kubevirt.io/vm-arch-": "architecture",
    "cpu-model.node.kubevirt.io/": "cpu-model",
    "cpu-model-migration.node.kubevirt.io/": "cpu-model",
    "cpu-feature.node.kubevirt.io/": "cpu-feature",
    "cpu-vendor.node.kubevirt.io/": "cpu-vendor",
    "cpumanager": "cpu-manager",
    "kubevirt.io/cpumanager": "cpu-manager",
    "machine-type.node.kubevirt.io/": "machine-type",
    "network.harvesterhci.io/": "network",
    "node-labeller.kubevirt.io/obsolete-host-model": "obsolete-host-model",
}
"""Labels, and beginnings of labels, that have a predicate of their own."""

TOLERATED_FOR_A_WHILE: Final = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
"""Taints with the effect NoExecute that the API server lets every pod tolerate, which doesn't say so itself."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Demands:
    """Conditions on a node's labels, and the taints that are put up with; `demands` makes the same ones only once.

    `selected` and `required` hold in any case (from the node selector, and from the affinity); one of the
    `alternatives` must be met besides, None where nothing more is asked.
    """

    selected: tuple[Requirement, ...]
    required: tuple[Requirement, ...]
    alternatives: tuple[tuple[Requirement, ...], ...] | None
    tolerations: tuple[Toleration, ...]

    @cached_property
    def families(self) -> Mapping[str, tuple[Requirement, ...]]:
        """The conditions that hold in any case, by the predicate that they belong to."""
        families: dict[str, tuple[Requirement, ...]] = defaultdict(tuple)
        for requirement in (*self.selected, *self.required):
            families[family(requirement.key)] += (requirement,)
        return families


@lru_cache(maxsize=1024)
def demands(
    node_selector: tuple[tuple[str, str], ...],
    node_terms: tuple[tuple[Requirement, ...], ...] | None,
    tolerations: tuple[Toleration, ...],
) -> Demands:
    """Return what a pod with these rules asks of a node, once the API server has added its own tolerations."""
    required, alternatives = _factored(node_terms)
    return Demands(
        selected=tuple(Requirement(key=key, values=(value,)) for key, value in node_selector),
        required=required,
        alternatives=alternatives,
        tolerations=(*tolerations, *_default_tolerations(tolerations)),
    )


@lru_cache(maxsize=4096)
def family(key: str) -> str:
    """Return the predicate that a label belongs to, "" when it has none of its own."""
    return next((name for start, name in FAMILIES.items() if _belongs(key, start)), "")


def _belongs(key: str, start: str) -> bool:
    return key.startswith(start) if start.endswith(("/", "-")) else key == start


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
    common = tuple(r for r in dict.fromkeys(met[0]) if all(r in term for term in met)) if met else ()
    rests = tuple(tuple(r for r in term if r not in common) for term in met)
    return common, None if met and not all(rests) else rests

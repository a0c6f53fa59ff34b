"""What a pod asks of a node by itself, whatever else runs there; many virtual machines ask for the same."""

from collections import defaultdict
from collections.abc import Mapping
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


@dataclass(frozen=True, kw_only=True)
class Demands:
    """Conditions on a node's labels, and the taints that are put up with.

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


@lru_cache(maxsize=4096)
def family(key: str) -> str:
    """Return the predicate that a label belongs to, "" when it has none of its own."""
    return next((name for start, name in FAMILIES.items() if _belongs(key, start)), "")


def _belongs(key: str, start: str) -> bool:
    return key.startswith(start) if start.endswith(("/", "-")) else key == start

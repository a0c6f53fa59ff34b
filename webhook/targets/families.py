"""Which labels have a predicate of their own; others belong to those about node selector and node affinity."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from webhook.objects.scheduling import Requirement

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
"""Labels, and beginnings of labels, and the predicate that is about them."""


@lru_cache(maxsize=4096)
def family(key: str) -> str:
    """Return the predicate that a label belongs to, "" when it has none of its own."""
    return next((name for start, name in FAMILIES.items() if _belongs(key, start)), "")


def by_family(requirements: Iterable[Requirement]) -> Mapping[str, tuple[Requirement, ...]]:
    """Return conditions by the predicate that they belong to."""
    families: dict[str, tuple[Requirement, ...]] = defaultdict(tuple)
    for requirement in requirements:
        families[family(requirement.key)] += (requirement,)
    return families


def _belongs(key: str, start: str) -> bool:
    return key.startswith(start) if start.endswith(("/", "-")) else key == start

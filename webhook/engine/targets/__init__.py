"""Why a node can't take a virtual machine: one reason per module.

Each predicate looks at all nodes at once and refuses sets of them; a node is eligible when no one refuses it, and the
refusals that name a node are its explanation. To add one, see CONTRIBUTING.md.

Not judged: volumes (node affinity and limits), claims on devices (ResourceClaims), and admission plugins that change
pods. Host ports needn't be: launcher pods have none.
"""

from typing import Final

from webhook.engine.targets import (
    architecture,
    cpu_feature,
    cpu_manager,
    cpu_model,
    cpu_vendor,
    machine_type,
    maintenance,
    network,
    node_affinity,
    node_selector,
    not_ready,
    obsolete_host_model,
    pod_affinity,
    resources,
    taint,
    topology_spread,
    unschedulable,
    virt_not_schedulable,
    witness,
)
from webhook.engine.targets.predicate import LabelPredicate, NodePredicate, PodPredicate, Predicate

BY_NODE: Final[tuple[NodePredicate, ...]] = (
    not_ready,
    maintenance,
    unschedulable,
    taint,
    witness,
)
BY_LABEL: Final[tuple[LabelPredicate, ...]] = (
    virt_not_schedulable,
    architecture,
    cpu_model,
    cpu_feature,
    cpu_vendor,
    obsolete_host_model,
    cpu_manager,
    machine_type,
    network,
)
BY_OTHER_LABELS: Final[tuple[NodePredicate, ...]] = (
    node_selector,
    node_affinity,
)
"""They judge only the labels that none of BY_LABEL owns."""
BY_PODS: Final[tuple[PodPredicate, ...]] = (
    pod_affinity,
    topology_spread,
    resources,
)
ALL: Final[tuple[Predicate, ...]] = (*BY_NODE, *BY_LABEL, *BY_OTHER_LABELS, *BY_PODS)
"""In the order in which a node's reasons are reported."""

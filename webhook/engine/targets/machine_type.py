"""The node does not know the machine type of the guest.

Judged: the label `machine-type.node.kubevirt.io/T` (from KubeVirt 1.6) for the type that the guest runs with
(`status.machine.type` of the VMI), else the one that it asks for.
Remedy: upgrade the node, or restart the virtual machine with a machine type that all nodes know.
Since: KubeVirt 1.6.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal, by_labels
from webhook.engine.wording import named
from webhook.objects.scheduling import Requirement
from webhook.state.snapshot import Snapshot

ID: Final = "machine-type"


def refusals(demands: Demands, cluster: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes that do not know the machine type."""
    yield from by_labels(ID, demands, cluster, _reason)


def _reason(requirement: Requirement) -> str:
    return f"lacks machine type {named(requirement.key.partition('/')[2])}"

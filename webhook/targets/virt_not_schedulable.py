"""KubeVirt takes no virtual machines on the node.

Judged: the label `kubevirt.io/schedulable: "true"`, which virt-handler keeps as long as it is alive there.
Remedy: see why virt-handler is not running on the node, or take another node.
Since: KubeVirt 1.0.
"""

from collections.abc import Iterator
from typing import Final

from webhook.cluster.snapshot import Snapshot
from webhook.objects.scheduling import Requirement
from webhook.targets.conditions import by_labels
from webhook.targets.demands import Demands
from webhook.targets.predicate import Refusal
from webhook.wording import named

ID: Final = "virt-not-schedulable"


def refusals(demands: Demands, cluster: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes without a living virt-handler."""
    yield from by_labels(ID, demands, cluster, _reason)


def _reason(requirement: Requirement) -> str:
    return f"takes no VMs ({named(str(requirement))} is missing)"

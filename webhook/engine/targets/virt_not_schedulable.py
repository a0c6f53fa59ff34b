"""KubeVirt takes no virtual machines on the node.

Judged: the label `kubevirt.io/schedulable: "true"`, which virt-handler keeps as long as it is alive there.
Remedy: see why virt-handler is not running on the node, or take another node.
Since: KubeVirt 1.0.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal, by_labels
from webhook.engine.wording import named
from webhook.objects.scheduling import Requirement
from webhook.state.snapshot import Snapshot

ID: Final = "virt-not-schedulable"


def refusals(demands: Demands, cluster: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes without a living virt-handler."""
    yield from by_labels(ID, demands, cluster, _reason)


def _reason(requirement: Requirement) -> str:
    return f"takes no VMs ({named(str(requirement))} is missing)"

"""The node cannot give CPUs to one virtual machine alone.

Judged: the label `cpumanager` (`kubevirt.io/cpumanager` from KubeVirt 1.8) for a VMI with `dedicatedCpuPlacement`.
Remedy: enable the CPU manager on the node, or take another node.
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

ID: Final = "cpu-manager"


def refusals(demands: Demands, cluster: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes without a CPU manager."""
    yield from by_labels(ID, demands, cluster, _reason)


def _reason(requirement: Requirement) -> str:
    return f"has no CPU manager ({named(str(requirement))} is missing)"

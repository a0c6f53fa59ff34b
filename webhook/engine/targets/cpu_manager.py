"""The node cannot give CPUs to one virtual machine alone.

Judged: the label `cpumanager` (`kubevirt.io/cpumanager` from KubeVirt 1.8) for a VMI with `dedicatedCpuPlacement`.
Remedy: enable the CPU manager on the node, or take another node.
Since: KubeVirt 1.0.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal, by_labels
from webhook.engine.wording import named
from webhook.objects.scheduling import Requirement
from webhook.state.snapshot import Snapshot

ID: Final = "cpu-manager"


def refusals(demands: Demands, cluster: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes without a CPU manager."""
    yield from by_labels(ID, demands, cluster, _reason)


def _reason(requirement: Requirement) -> str:
    return f"has no CPU manager ({named(str(requirement))} is missing)"

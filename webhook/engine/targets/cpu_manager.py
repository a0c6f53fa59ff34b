"""The node cannot give CPUs to one virtual machine alone.

Judged: the label `cpumanager` (`kubevirt.io/cpumanager` from KubeVirt 1.8) for a VMI with `dedicatedCpuPlacement`.
Remedy: enable the CPU manager on the node, or take another node.
Since: KubeVirt 1.0.
"""

from typing import Final

from webhook.engine.wording import named
from webhook.objects.labels import CPU_MANAGER, CPU_MANAGER_BEFORE_1_8
from webhook.objects.scheduling import Requirement

ID: Final = "cpu-manager"
LABELS: Final = (CPU_MANAGER, CPU_MANAGER_BEFORE_1_8)


def reason(requirement: Requirement) -> str:
    """Say which label is missing."""
    return f"has no CPU manager ({named(str(requirement))} is missing)"

"""The CPU model of the node itself is obsolete.

Judged: the label `node-labeller.kubevirt.io/obsolete-host-model`, for a virtual machine with `host-model`.
Remedy: choose a CPU model by name, then restart the virtual machine; or take another node.
Source: KubeVirt `setNodeAffinityForHostModelCpuModel`.
Since: KubeVirt 1.0.
"""

from typing import Final

from webhook.engine.wording import named
from webhook.objects.labels import OBSOLETE_HOST_MODEL
from webhook.objects.scheduling import Requirement

ID: Final = "obsolete-host-model"
LABELS: Final = (OBSOLETE_HOST_MODEL,)


def reason(requirement: Requirement) -> str:
    """Say that the node's CPU model is obsolete."""
    return f"has an obsolete CPU model ({named(requirement.key)})"

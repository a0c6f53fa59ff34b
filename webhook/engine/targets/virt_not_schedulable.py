"""KubeVirt takes no virtual machines on the node.

Judged: the label `kubevirt.io/schedulable: "true"`, which virt-handler keeps as long as it is alive there.
Remedy: see why virt-handler is not running on the node, or take another node.
Since: KubeVirt 1.0.
"""

from typing import Final

from webhook.engine.wording import named
from webhook.objects.labels import SCHEDULABLE
from webhook.objects.scheduling import Requirement

ID: Final = "virt-not-schedulable"
LABELS: Final = (SCHEDULABLE,)


def reason(requirement: Requirement) -> str:
    """Say which label is missing."""
    return f"takes no VMs ({named(str(requirement))} is missing)"

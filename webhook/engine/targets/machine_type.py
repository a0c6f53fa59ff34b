"""The node does not know the machine type of the guest.

Judged: the label `machine-type.node.kubevirt.io/T` (from KubeVirt 1.5.1) for the type that the guest runs with
(`status.machine.type` of the VMI), else the one that it asks for.
Remedy: upgrade the node, or restart the virtual machine with a machine type that all nodes know.
Since: KubeVirt 1.5.1.
"""

from typing import Final

from webhook.engine.wording import named
from webhook.objects.labels import MACHINE_TYPE
from webhook.objects.scheduling import Requirement

ID: Final = "machine-type"
LABELS: Final = (MACHINE_TYPE,)


def reason(requirement: Requirement) -> str:
    """Say which machine type the node lacks."""
    return f"lacks machine type {named(requirement.key.partition('/')[2])}"

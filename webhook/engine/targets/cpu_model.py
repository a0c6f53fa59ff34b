"""The node lacks the CPU model that the guest was started with.

Judged: the labels `cpu-model.node.kubevirt.io/XYZ` for a custom model, and `cpu-model-migration.node.kubevirt.io/M`
for a virtual machine with `host-model` that runs on a node with the label `host-model-cpu.node.kubevirt.io/M`.
Remedy: choose a CPU model that the nodes share, then restart the virtual machine.
Source: the live-migration page; KubeVirt `prepareNodeSelectorForHostCpuModel`.
Since: KubeVirt 1.0.
"""

from typing import Final

from webhook.engine.wording import named
from webhook.objects.labels import MIGRATION_MODEL, MODEL
from webhook.objects.scheduling import Requirement

ID: Final = "cpu-model"
LABELS: Final = (MODEL, MIGRATION_MODEL)


def reason(requirement: Requirement) -> str:
    """Say which model the node lacks."""
    return f"lacks CPU model {named(requirement.key.partition('/')[2])}"

"""The node lacks the CPU model that the guest was started with.

Judged: the labels `cpu-model.node.kubevirt.io/XYZ` for a custom model, and `cpu-model-migration.node.kubevirt.io/M`
for a virtual machine with `host-model` that runs on a node with the label `host-model-cpu.node.kubevirt.io/M`.
Remedy: choose a CPU model that the nodes share, then restart the virtual machine.
Source: the live-migration page; KubeVirt `prepareNodeSelectorForHostCpuModel`.
Since: KubeVirt 1.0.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal, by_labels
from webhook.engine.wording import named
from webhook.objects.scheduling import Requirement
from webhook.state.snapshot import Snapshot

ID: Final = "cpu-model"


def refusals(demands: Demands, cluster: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes without the CPU model."""
    yield from by_labels(ID, demands, cluster, _reason)


def _reason(requirement: Requirement) -> str:
    return f"lacks CPU model {named(requirement.key.partition('/')[2])}"

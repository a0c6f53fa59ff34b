"""The CPU model of the node itself is obsolete.

Judged: the label `node-labeller.kubevirt.io/obsolete-host-model`, for a virtual machine with `host-model`.
Remedy: choose a CPU model by name, then restart the virtual machine; or take another node.
Source: KubeVirt `setNodeAffinityForHostModelCpuModel`.
Since: KubeVirt 1.0.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal, by_labels
from webhook.engine.wording import named
from webhook.objects.scheduling import Requirement
from webhook.state.snapshot import Snapshot

ID: Final = "obsolete-host-model"


def refusals(demands: Demands, cluster: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes with an obsolete CPU model."""
    yield from by_labels(ID, demands, cluster, _reason)


def _reason(requirement: Requirement) -> str:
    return f"has an obsolete CPU model ({named(requirement.key)})"

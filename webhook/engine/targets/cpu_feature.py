"""The node lacks a CPU feature that the guest needs, or has one that it forbids.

Judged: the labels `cpu-feature.node.kubevirt.io/F`: for the features that the VMI requires or forbids, and for those
that the model of the source node requires with `host-model`.
Remedy: choose a CPU model that the nodes share, or drop the feature, then restart the virtual machine.
Since: KubeVirt 1.0.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal, by_labels
from webhook.engine.wording import named
from webhook.objects.scheduling import Requirement
from webhook.state.snapshot import Snapshot

ID: Final = "cpu-feature"


def refusals(demands: Demands, cluster: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes without the CPU features."""
    yield from by_labels(ID, demands, cluster, _reason)


def _reason(requirement: Requirement) -> str:
    verb = "has the forbidden" if requirement.operator == "DoesNotExist" else "lacks"
    return f"{verb} CPU feature {named(requirement.key.partition('/')[2])}"

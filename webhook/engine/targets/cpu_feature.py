"""The node lacks a CPU feature that the guest needs, or has one that it forbids.

Judged: the labels `cpu-feature.node.kubevirt.io/F`: for the features that the VMI requires or forbids, and for those
that the model of the source node requires with `host-model`.
Remedy: choose a CPU model that the nodes share, or drop the feature, then restart the virtual machine.
Since: KubeVirt 1.0.
"""

from typing import Final

from webhook.engine.wording import named
from webhook.objects.labels import FEATURE
from webhook.objects.scheduling import Requirement

ID: Final = "cpu-feature"
LABELS: Final = (FEATURE,)


def reason(requirement: Requirement) -> str:
    """Say which feature the node lacks, or must not have."""
    verb = "has the forbidden" if requirement.operator == "DoesNotExist" else "lacks"
    return f"{verb} CPU feature {named(requirement.key.partition('/')[2])}"

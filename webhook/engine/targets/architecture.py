"""The node has another CPU architecture.

Judged: the label `kubernetes.io/arch` against `spec.architecture` of the VMI.
Remedy: take a node of the same architecture.
Since: any Kubernetes that KubeVirt runs on.
"""

from typing import Final

from webhook.engine.wording import named
from webhook.objects.labels import ARCHITECTURE, EMULATED_ARCHITECTURE
from webhook.objects.scheduling import Requirement

ID: Final = "architecture"
LABELS: Final = (ARCHITECTURE, EMULATED_ARCHITECTURE)


def reason(requirement: Requirement) -> str:
    """Say which architecture the node doesn't have."""
    return f"is no {named(requirement.values[0] if requirement.values else requirement.key)} node"

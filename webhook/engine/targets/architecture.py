"""The node has another CPU architecture.

Judged: the label `kubernetes.io/arch` against `spec.architecture` of the VMI.
Remedy: take a node of the same architecture.
Since: any Kubernetes that KubeVirt runs on.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal, by_labels
from webhook.engine.wording import named
from webhook.objects.scheduling import Requirement
from webhook.state.snapshot import Snapshot

ID: Final = "architecture"


def refusals(demands: Demands, cluster: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes of another architecture."""
    yield from by_labels(ID, demands, cluster, _reason)


def _reason(requirement: Requirement) -> str:
    return f"is no {named(requirement.values[0] if requirement.values else requirement.key)} node"

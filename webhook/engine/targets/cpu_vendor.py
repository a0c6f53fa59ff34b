"""The CPU of the node is from another vendor.

Judged: the label `cpu-vendor.node.kubevirt.io/V`, by which KubeVirt ties a migration to the vendor of the source node
(from 1.6.4, but not in 1.7.0), whatever the CPU model.
Remedy: take a node with a CPU of the same vendor.
Since: KubeVirt 1.6.4, 1.7.1 and 1.8.0. Where the version is unknown it is not asked for.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal, by_labels
from webhook.engine.wording import named
from webhook.objects.scheduling import Requirement
from webhook.state.snapshot import Snapshot

ID: Final = "cpu-vendor"


def refusals(demands: Demands, cluster: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes of another CPU vendor."""
    yield from by_labels(ID, demands, cluster, _reason)


def _reason(requirement: Requirement) -> str:
    return f"has no {named(requirement.key.partition('/')[2])} CPU"

"""The node is not connected to a network of the virtual machine.

Judged: the node affinity on labels `network.harvesterhci.io/N`, which Harvester writes for the cluster network of each
VLAN network.
Remedy: add the node to the network configuration, or take another node.
Source: the live-migration page; Harvester writes the affinity when the VM is saved.
Since: Harvester 1.4 or earlier.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal, by_labels
from webhook.engine.wording import named
from webhook.objects.scheduling import Requirement
from webhook.state.snapshot import Snapshot

ID: Final = "network"


def refusals(demands: Demands, cluster: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes outside of the cluster networks."""
    yield from by_labels(ID, demands, cluster, _reason)


def _reason(requirement: Requirement) -> str:
    return f"is not in cluster network {named(requirement.key.partition('/')[2])}"

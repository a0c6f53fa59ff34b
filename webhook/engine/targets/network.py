"""The node is not connected to a network of the virtual machine.

Judged: the node affinity on labels `network.harvesterhci.io/N`, which Harvester writes for the cluster network of each
VLAN network.
Remedy: add the node to the network configuration, or take another node.
Source: the live-migration page; Harvester writes the affinity when the VM is saved.
Since: Harvester 1.4 or earlier.
"""

from typing import Final

from webhook.engine.wording import named
from webhook.objects.labels import NETWORK
from webhook.objects.scheduling import Requirement

ID: Final = "network"
LABELS: Final = (NETWORK,)


def reason(requirement: Requirement) -> str:
    """Say which cluster network the node isn't in."""
    return f"is not in cluster network {named(requirement.key.partition('/')[2])}"

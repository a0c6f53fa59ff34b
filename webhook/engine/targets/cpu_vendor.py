"""The CPU of the node is from another vendor.

Judged: the label `cpu-vendor.node.kubevirt.io/V`, by which KubeVirt ties a migration to the vendor of the source node
(from 1.6.4, but not in 1.7.0), whatever the CPU model.
Remedy: take a node with a CPU of the same vendor.
Since: KubeVirt 1.6.4, 1.7.1 and 1.8.0. Where the version is unknown it is not asked for.
"""

from typing import Final

from webhook.engine.wording import named
from webhook.objects.labels import VENDOR
from webhook.objects.scheduling import Requirement

ID: Final = "cpu-vendor"
LABELS: Final = (VENDOR,)


def reason(requirement: Requirement) -> str:
    """Say whose CPU the node doesn't have."""
    return f"has no {named(requirement.key.partition('/')[2])} CPU"

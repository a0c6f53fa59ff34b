"""Node: what decides whether a virtual machine may come to it.

Sources: `Node` of k8s.io/api/core/v1; the labels of KubeVirt's node labeller (`pkg/virt-handler/node-labeller`);
Harvester marks a node that is being emptied with annotations.
"""

from bisect import bisect_left

from msgspec import Struct

from webhook.objects.amount import NOTHING, Amount, read_amount
from webhook.objects.fields import Fields
from webhook.objects.labels import MAINTENANCE
from webhook.objects.metadata import Metadata, read_metadata
from webhook.objects.scheduling import Taint, read_taints


class Node(Struct, frozen=True, kw_only=True):
    """A node.

    `labels` are sorted pairs of key and value: a cluster's nodes have a hundred each and nearly all in common. `ready`
    is false only where the node's condition says so, `maintenance` where Harvester empties the node.
    """

    metadata: Metadata
    labels: tuple[tuple[str, str], ...] = ()
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False
    ready: bool = True
    maintenance: bool = False
    allocatable: Amount = NOTHING

    @property
    def name(self) -> str:
        """The node's name."""
        return self.metadata.name

    def label(self, key: str) -> str | None:
        """Return a label's value, None when there is no such label."""
        place = bisect_left(self.labels, (key,))
        name, value = self.labels[place] if place < len(self.labels) else ("", None)
        return value if name == key else None


def read_node(document: Fields, namespace: str = "") -> Node:
    """Read a node."""
    spec, status = document.object("spec"), document.object("status")
    metadata = read_metadata(document, namespace)
    return Node(
        metadata=metadata,
        labels=tuple(sorted(metadata.labels.items())),
        taints=read_taints(spec),
        unschedulable=spec.flag("unschedulable") is True,
        ready=_ready(status),
        maintenance=any(key in metadata.annotations for key in MAINTENANCE),
        allocatable=read_amount(status.object("allocatable")),
    )


def _ready(status: Fields) -> bool:
    return all(
        condition.text("status") == "True"
        for _, condition in status.objects("conditions")
        if condition.text("type") == "Ready"
    )

"""Whether a node has CPU and memory left for one more virtual machine: a warning, because not all pods are known."""

from webhook.engine.explanation import enumerated
from webhook.engine.placement import Placement
from webhook.objects.amount import NOTHING
from webhook.state.snapshot import Snapshot


def shortage(placement: Placement, cluster: Snapshot) -> str:
    """Say that no eligible node seems to have room for the target pod; "" when one has, or when there is none."""
    if not placement.eligible or any(
        _has_room(name, placement, cluster) for name in placement.nodes.each(placement.eligible)
    ):
        return ""
    names = enumerated(placement.eligible, placement.nodes)
    return f"resources: CPU or memory seem short on {names}: the target pod may stay pending"


def _has_room(name: str, placement: Placement, cluster: Snapshot) -> bool:
    node = placement.nodes.get("", name)
    if node is None or node.allocatable == NOTHING:
        return True
    taken = cluster.once(("taken", name), lambda: cluster.pods.asked(name))
    return (taken + placement.pod.requests).fits(node.allocatable)

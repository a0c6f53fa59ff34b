"""What may hold up a migration that is allowed: it has to wait, or the nodes seem short of CPU or memory."""

from collections.abc import Iterator

from webhook.engine.explanation import enumerated, told
from webhook.engine.placement import Placement
from webhook.objects.amount import NOTHING
from webhook.state.snapshot import Snapshot


def delays(placement: Placement, snapshot: Snapshot) -> Iterator[str]:
    """Yield a warning for what may keep the target pod pending; nothing where no node will take it at all."""
    nodes, soon = placement.nodes, placement.eligible_soon
    if placement.eligible:
        if not any(_has_room(name, placement, snapshot) for name in nodes.each(placement.eligible)):
            names = enumerated(placement.eligible, nodes)
            yield f"resources: CPU or memory seem short on {names}: the target pod may stay pending"
    elif soon:
        reasons = tuple(refusal for refusal in placement.reasons(soon) if refusal.temporary)
        yield f"{reasons[0].predicate}: the target pod has to wait: {enumerated(soon, nodes)} {told(reasons)}"


def _has_room(name: str, placement: Placement, snapshot: Snapshot) -> bool:
    """Tell whether a node has room for one more virtual machine, as far as the pods on it are known."""
    node = placement.nodes.get("", name)
    if node is None or node.allocatable == NOTHING:
        return True
    taken = snapshot.cached(("taken", name), lambda: snapshot.pods.asked(name))
    return (taken + placement.pod.requests).fits(node.allocatable)

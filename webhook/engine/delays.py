"""What may hold up a migration that is allowed: a pod is in the way that is ending."""

from collections.abc import Iterator

from webhook.engine.explanation import enumerated, told
from webhook.engine.placement import Placement


def delays(placement: Placement) -> Iterator[str]:
    """Yield a warning for what may keep the target pod pending; nothing where no node will take it at all."""
    nodes, soon = placement.nodes, placement.eligible_soon
    if placement.eligible or placement.waits_for_room:
        return
    if soon:
        reasons = tuple(refusal for refusal in placement.reasons(soon) if refusal.temporary)
        yield f"{reasons[0].predicate}: the target pod has to wait: {enumerated(soon, nodes)} {told(reasons)}"

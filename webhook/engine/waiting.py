"""What is in the way of a migration only for a while: a warning, because nobody has to mend anything."""

from webhook.engine.explanation import enumerated, told
from webhook.engine.placement import Placement


def wait(placement: Placement) -> str:
    """Say for what a target pod has to wait; "" when a node can take it now, or none will."""
    soon = placement.eligible_soon
    if placement.eligible or not soon:
        return ""
    reasons = tuple(refusal for refusal in placement.reasons(soon) if refusal.passing)
    return f"{reasons[0].predicate}: the target pod has to wait: {enumerated(soon, placement.nodes)} {told(reasons)}"

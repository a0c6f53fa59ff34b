"""Why nodes can't take a virtual machine, in words: the most common reasons first, five nodes, then a count."""

from collections.abc import Iterable
from typing import Final

from webhook.engine.placement import Placement
from webhook.engine.targets.predicate import Refusal
from webhook.engine.wording import listed, named
from webhook.state.nodes import NodeSet, NodeTable

SHOWN_NODES: Final = 5
SHOWN_REASONS: Final = 3


def explained(placement: Placement, predicates: Iterable[str] = ()) -> str:
    """Return each node with its reasons (of these predicates, or of all), nodes that look alike together."""
    wanted = tuple(predicates)
    groups = placement.by_reasons(wanted)
    parts, shown = [], 0
    for reasons, nodes in groups.items():
        names = placement.nodes.names(nodes, SHOWN_NODES - shown)
        if names:
            parts.append(f"{', '.join(map(named, names))}: {told(reasons)}")
            shown += len(names)
    refused = placement.candidates & ~placement.passing(wanted)
    rest = refused.bit_count() - shown
    return "; ".join([*parts, *([f"and {rest} more"] if rest else [])])


def told(reasons: tuple[Refusal, ...]) -> str:
    """Return the reasons of one node as a clause about it."""
    words = list(dict.fromkeys(refusal.reason for refusal in reasons))
    rest = len(words) - SHOWN_REASONS
    return listed(words if rest <= 0 else [*words[:SHOWN_REASONS], f"{rest} more"])


def enumerated(nodes: NodeSet, table: NodeTable, separator: str = ", ") -> str:
    """Return at most five names of nodes and a count of the rest: `a, b`, `a, b, c, d, e (+7)`."""
    names = table.names(nodes, SHOWN_NODES)
    rest = nodes.bit_count() - len(names)
    return separator.join(map(named, names)) + (f" (+{rest})" if rest else "")

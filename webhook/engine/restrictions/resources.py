"""No other node has room at the moment.

The target pod would stay pending until other pods leave; KubeVirt gives up after five minutes. Nodes that could never
hold the virtual machine are no such nodes: without others there is no eligible node.

Restricted: what the target pod asks for (CPU, memory, huge pages, devices …), against what the pods on the nodes leave
of them.
Allowed: at least one node that takes the virtual machine now. By default this is a warning, as pods come and go.
Remedy: make room on the node that is named, or wait until there is.
How: `kubectl livemigration nodes NAME -n NAMESPACE` tells for each node what is short, and
`kubectl describe node NODE` which pods take it. Where an autoscaler adds nodes, leave this a warning.
Source: kube-scheduler's plugin NodeResourcesFit; KubeVirt's `pendingPodTimeout`.
Since: KubeVirt 1.0, which finds out after five minutes.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.explanation import enumerated, told
from webhook.engine.placement import ROOM
from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.verdict import Violation

ID: Final = "resources"
CONCERN: Final = Concern.TARGET
REMEDY: Final = "wait, or make room"


def check(case: Case) -> Iterator[Violation]:
    """Yield what the nodes are short of that would take the virtual machine if they had room."""
    placement = case.placement
    nodes = placement.waits_for_room if placement else 0
    if placement is None or not nodes:
        return
    short = tuple(refusal for refusal in placement.reasons(nodes) if refusal.predicate == ROOM and refusal.temporary)
    words = f"{enumerated(nodes, placement.nodes)} {told(short)}"
    yield Violation(
        restriction=ID,
        field="status.nodeName",
        problem=f"no other node has room now: {words}",
        remedy=REMEDY,
        short=f"{words}: {REMEDY}",
    )

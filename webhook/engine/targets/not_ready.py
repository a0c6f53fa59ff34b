"""The node is not ready.

Judged: the node's condition `Ready` is anything but `True`. kube-scheduler goes by the taint that follows a little
later; a virtual machine that moves to a node that just failed is lost time in any case.
Remedy: mend the node, or take another.
Since: any Kubernetes that KubeVirt runs on.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal
from webhook.state.nodes import NodeState
from webhook.state.snapshot import Snapshot

ID: Final = "not-ready"


def refusals(demands: Demands, snapshot: Snapshot) -> Iterator[Refusal]:  # noqa: ARG001 - no pod can run there
    """Refuse the nodes that aren't ready."""
    yield Refusal(predicate=ID, nodes=snapshot.nodes.in_state(NodeState.NOT_READY), reason="is not ready")

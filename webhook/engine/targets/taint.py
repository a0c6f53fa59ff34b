"""The node has a taint that the virtual machine doesn't tolerate.

Judged: taints with the effects `NoSchedule` and `NoExecute`, `kubevirt.io/drain` among them, against the tolerations
of the VMI and those for `not-ready` and `unreachable` that the API server gives to every pod.
Remedy: add a toleration to the VM, remove the taint, or take another node.
Source: kube-scheduler's plugin TaintToleration.
Since: any Kubernetes that KubeVirt runs on.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal
from webhook.engine.wording import named
from webhook.objects.scheduling import Taint
from webhook.state.nodes import NodeState
from webhook.state.snapshot import Snapshot

ID: Final = "taint"
IMPLIED_BY_STATE: Final[Mapping[Taint, NodeState]] = {
    Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule"): NodeState.UNSCHEDULABLE,
    Taint(key="node.kubernetes.io/not-ready", effect="NoSchedule"): NodeState.NOT_READY,
    Taint(key="node.kubernetes.io/unreachable", effect="NoSchedule"): NodeState.NOT_READY,
}
"""Taints that only repeat what another predicate has said of the node."""


def refusals(demands: Demands, snapshot: Snapshot) -> Iterator[Refusal]:
    """Refuse for each taint that isn't tolerated the nodes that have it."""
    for taint, nodes in demands.untolerated(snapshot.nodes):
        state = IMPLIED_BY_STATE.get(taint)
        untold = nodes & ~snapshot.nodes.in_state(state) if state else nodes
        yield Refusal(predicate=ID, nodes=untold, reason=f"has the taint {named(str(taint))}")

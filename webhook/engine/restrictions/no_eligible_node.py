"""No other node can take the virtual machine.

KubeVirt would make a target pod that stays pending, and give up after five minutes.

Restricted: what the target pod asks of its node (`spec.nodeSelector`, `spec.affinity`, `spec.tolerations`,
`spec.topologySpreadConstraints` and `spec.domain` of the VMI, `spec.addedNodeSelector` of the migration), against all
nodes but the one where the virtual machine runs.
Allowed: at least one node that no target predicate refuses, or only for as long as another pod needs to end or to make
room. Volumes aren't judged.
Remedy: mend what is named, or shut down the VM and start it elsewhere.
How: `kubectl livemigration nodes NAME -n NAMESPACE` tells for each node why not. In Harvester's dashboard
Hosts > (menu of the host) has Uncordon and Disable Maintenance Mode, and Virtual Machines > (menu of the VM) >
Edit Config > Node Scheduling what the VM asks of its node. Or `kubectl uncordon NODE`,
`kubectl edit virtualmachine NAME -n NAMESPACE`, then `virtctl restart NAME -n NAMESPACE`.
Source: kube-scheduler; `explain` tells each predicate.
Since: KubeVirt 1.0, which finds out after five minutes.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.explanation import explained
from webhook.engine.left_over_pin import explained_pin
from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.verdict import Violation
from webhook.engine.wording import quoted

ID: Final = "no-eligible-node"
CONCERN: Final = Concern.TARGET
REMEDY: Final = "mend one of these nodes, or change what the VM asks of its node"
REMEDY_FOR_ONE_NODE: Final = "add a node to the cluster"
EXPLAINED_BY: Final = frozenset({"cpu-model", "target-node"})


def check(case: Case) -> Iterator[Violation]:
    """Yield that there is nowhere to go, unless another restriction has said why."""
    placement = case.placement
    if placement is None or placement.eligible_soon or case.found & EXPLAINED_BY:
        return
    if placement.candidates:
        problem, remedy, after = f"no other node can take the VM: {explained(placement)}", REMEDY, " and restart it"
    else:
        problem, remedy = f"{quoted(case.vmi.status.node)} is the only node of the cluster", REMEDY_FOR_ONE_NODE
        after = ""
    pin, commands = explained_pin(case.vmi, case.snapshot)
    yield Violation(
        restriction=ID,
        field="status.nodeName",
        problem=problem,
        remedy=remedy,
        after=after,
        details=pin,
        commands=commands,
    )

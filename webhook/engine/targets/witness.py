"""The node is a witness: it votes for etcd and runs nothing else.

Judged: the node's label `node-role.harvesterhci.io/witness`. kube-scheduler goes by the taint that Harvester gives
such a node, which a virtual machine might tolerate.
Remedy: take another node.
Since: Harvester 1.3 or earlier.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal
from webhook.objects.labels import WITNESS
from webhook.objects.scheduling import Requirement
from webhook.state.snapshot import Snapshot

ID: Final = "witness"
_WITNESS: Final = Requirement(key=WITNESS, operator="Exists")


def refusals(demands: Demands, snapshot: Snapshot) -> Iterator[Refusal]:  # noqa: ARG001 - whatever the pod
    """Refuse the witness nodes."""
    yield Refusal(predicate=ID, nodes=snapshot.nodes.having(_WITNESS), reason="is a witness node")

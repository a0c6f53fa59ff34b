"""The node that is asked for can't take the virtual machine.

Restricted fields: `spec.addedNodeSelector["kubernetes.io/hostname"]` of the migration; in the update of a VMI
that newly sets it, Harvester's annotation `harvesterhci.io/migrationTargetNodeName`.
Allowed: any node that no target predicate refuses. Where the VM's own node selector names another node, that one wins.
Remedy: choose one of the nodes that can, or none at all.
How: `kubectl livemigration nodes NAME -n NAMESPACE` lists the nodes that can. In Harvester's dashboard
Virtual Machines > (menu of the VM) > Migrate, then another host; or
`kubectl livemigration start NAME -n NAMESPACE --to NODE`.
Source: KubeVirt `createTargetPod`; kube-scheduler.
Since: KubeVirt 1.6 for `addedNodeSelector`; Harvester 1.4 for its annotation.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from webhook.engine.explanation import enumerated, told
from webhook.engine.left_over_pin import explained_pin
from webhook.engine.placement import CPU_PREDICATES, Placement, place_within_bounds
from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.verdict import Violation
from webhook.engine.wording import quoted
from webhook.objects.labels import HOSTNAME
from webhook.objects.migration import Migration
from webhook.objects.vmi import VirtualMachineInstance

ID: Final = "target-node"
CONCERN: Final = Concern.TARGET
REMEDY: Final = "choose a node that can take the VM"


def check(case: Case) -> Iterator[Violation]:
    """Yield the requested node if it can't take the virtual machine."""
    placement, migration = case.placement, case.migration
    if placement is None or migration is None or not migration.target_node:
        return
    if problem := _problem(case, placement, migration.target_node):
        pin, commands = explained_pin(case.vmi, case.snapshot) if case.vmi.harvester_target else ("", ())
        yield Violation(
            restriction=ID,
            field=migration.target_field,
            problem=problem,
            remedy=_remedy(case, migration),
            details=pin,
            commands=commands,
        )


def _problem(case: Case, placement: Placement, target: str) -> str:
    """Say why the node can't; "" when it can, or when the CPU model says it already."""
    nodes = placement.nodes.labelled(HOSTNAME, target)
    if not nodes:
        return f"there is no node {quoted(target)} (no node has the label {HOSTNAME}={target})"
    if not nodes & placement.candidates:
        return f"{quoted(target)} is the node on which it runs"
    reasons = placement.reasons(nodes)
    if nodes & placement.eligible_soon or (
        "cpu-model" in case.found and {r.predicate for r in reasons} <= {*CPU_PREDICATES}
    ):
        return ""
    return f"node {quoted(target)} {told(reasons)}"


def _remedy(case: Case, migration: Migration) -> str:
    """Name the nodes that can, without the request for one."""
    others = {key: value for key, value in migration.added_node_selector.items() if key != HOSTNAME}
    unpinned = place_within_bounds(_unpinned(case.vmi, migration.target_node), case.snapshot, others)
    if unpinned is None:
        return REMEDY
    able = unpinned.eligible or unpinned.eligible_soon
    if not able:
        return "mend that first: no other node can take the VM either"
    return f"{REMEDY}: {enumerated(able, unpinned.nodes)}"


def _unpinned(vmi: VirtualMachineInstance, target: str) -> VirtualMachineInstance:
    """Return the VMI without the node selector by which Harvester up to 1.5 asks for a node."""
    if vmi.scheduling.node_selector.get(HOSTNAME) != target:
        return vmi
    others = {key: value for key, value in vmi.scheduling.node_selector.items() if key != HOSTNAME}
    return replace(vmi, scheduling=replace(vmi.scheduling, node_selector=others))

"""Where a virtual machine can move: every node's reasons, and the nodes without any."""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from webhook.engine.cpu_model import CpuModel, Selectors, cpu_model, migration_selectors
from webhook.engine.effort import STEPS, asks_for_too_much, steps
from webhook.engine.refusals import refusals
from webhook.engine.target_pod.pod import TargetPod, target_pod
from webhook.engine.targets.pod_affinity import namespaces
from webhook.engine.targets.predicate import Refusal
from webhook.objects.labels import CREATED_BY, HOSTNAME
from webhook.objects.pod import Pod
from webhook.objects.scheduling import Selector
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.kinds import CLAIM, NODE, POD, Reference
from webhook.state.nodes import NodeSet, NodeTable
from webhook.state.snapshot import Snapshot

CPU_PREDICATES: Final = ("cpu-model", "cpu-feature")
"""What another CPU model can mend; another vendor's CPU it can't."""
ROOM: Final = "resources"
"""What other pods take, which come and go."""
GROUPS: Final = 64
"""Groups of nodes with the same reasons that are told apart."""

MANY_NAMESPACES: Final = 10
"""Namespaces of which pods are read one by one; of more they are read together."""


class Placement(Struct, frozen=True, kw_only=True):
    """The target pod, and who refuses it.

    `cpu` is the CPU model, `selectors` what it asks of the target. `candidates` are all nodes but the source,
    `eligible` those of them that no one refuses, `eligible_soon` those that no one refuses for longer than a pod needs
    to end. `made` is false where KubeVirt can't make the pod at all.
    """

    cpu: CpuModel
    selectors: Selectors
    pod: TargetPod
    nodes: NodeTable
    candidates: NodeSet
    eligible: NodeSet
    eligible_soon: NodeSet
    refusals: tuple[Refusal, ...]
    made: bool = True

    @property
    def waits_for_room(self) -> NodeSet:
        """The nodes that would take it if there were room, where no node takes it now."""
        if self.eligible:
            return 0
        return _left(self.eligible_soon, (r for r in self.refusals if r.temporary and r.predicate != ROOM))

    def passing(self, predicates: Iterable[str]) -> NodeSet:
        """Return the candidates that pass these predicates."""
        return _left(self.candidates, self._of(predicates))

    def reasons(self, nodes: NodeSet) -> tuple[Refusal, ...]:
        """Return the refusals that are about any of these nodes; of one node they are its explanation."""
        return tuple(refusal for refusal in self.refusals if refusal.nodes & nodes)

    def by_reasons(self, predicates: Iterable[str] = ()) -> Mapping[tuple[Refusal, ...], NodeSet]:
        """Return the candidates that these predicates (or any) refuse, by their reasons; the largest groups first.

        Where hardly two nodes have the same reasons, nobody reads them all: the largest groups are returned.
        """
        found = tuple(self._of(predicates))
        groups = [_Group(self.candidates & reduce(or_, (refusal.nodes for refusal in found), 0))]
        for refusal in found:
            groups = _largest(part for group in groups for part in group.split(refusal))
        return {group.reasons: group.nodes for group in sorted(groups, key=_Group.order) if group.nodes}

    def _of(self, predicates: Iterable[str]) -> Iterator[Refusal]:
        wanted = frozenset(predicates)
        return (refusal for refusal in self.refusals if not wanted or refusal.predicate in wanted)


def source_pod(vmi: VirtualMachineInstance, snapshot: Snapshot) -> Pod | None:
    """Return the pod in which the virtual machine runs: the newest on its node, whatever its phase.

    One that KubeVirt lists in the VMI's status comes before those that it doesn't know.
    """
    launchers = (pod for pod in snapshot.pods.launchers(vmi.metadata.uid) if pod.node == vmi.status.node)
    pods = [pod for pod in launchers if pod.is_launcher_of(vmi.metadata)]
    active = vmi.status.active_pods
    return max(pods, key=lambda pod: (pod.metadata.uid in active, pod.metadata.created), default=None)


def place_within_bounds(
    vmi: VirtualMachineInstance, snapshot: Snapshot, added_node_selector: Mapping[str, str]
) -> Placement | None:
    """Judge all nodes as `place` does, but None where it would take too long."""
    if asks_for_too_much(vmi, added_node_selector):
        return None
    placement = _unjudged(vmi, snapshot, added_node_selector)
    return None if steps(placement.pod, snapshot) > STEPS else _judged(placement, snapshot)


def place(vmi: VirtualMachineInstance, snapshot: Snapshot, added_node_selector: Mapping[str, str]) -> Placement:
    """Judge all nodes for the target pod of a migration with this added node selector."""
    return _judged(_unjudged(vmi, snapshot, added_node_selector), snapshot)


def _unjudged(vmi: VirtualMachineInstance, snapshot: Snapshot, added_node_selector: Mapping[str, str]) -> Placement:
    """Return the placement of the target pod before any predicate was asked."""
    nodes, kubevirt = snapshot.nodes, snapshot.kubevirt
    cpu = cpu_model(vmi, kubevirt)
    source, node = source_pod(vmi, snapshot), nodes.get("", vmi.status.node)
    selectors = migration_selectors(vmi, cpu, source, node)
    pod = target_pod(
        vmi,
        kubevirt=kubevirt,
        source=source,
        node=node,
        added_node_selector=added_node_selector,
        cpu_selectors=selectors.labels,
        reserved=reserved_claims(vmi, snapshot),
    )
    candidates = nodes.all & ~nodes.named(vmi.status.node)
    return Placement(
        cpu=cpu,
        selectors=selectors,
        pod=pod,
        nodes=nodes,
        candidates=candidates,
        eligible=candidates,
        eligible_soon=candidates,
        refusals=(),
        made=not (selectors.underivable and not selectors.labels and kubevirt and kubevirt.is_before(1, 6)),
    )


def _judged(placement: Placement, snapshot: Snapshot) -> Placement:
    found = refusals(placement.pod, snapshot)
    return replace(
        placement,
        eligible=_left(placement.candidates, found),
        eligible_soon=_left(placement.candidates, (refusal for refusal in found if not refusal.temporary)),
        refusals=found,
    )


def reserved_claims(vmi: VirtualMachineInstance, snapshot: Snapshot) -> Iterator[str]:
    """Yield the UIDs of the claims on whose LUNs the virtual machine has a SCSI persistent reservation."""
    for name in _reserving(vmi):
        claim = snapshot.claim(vmi.metadata.namespace, name)
        if claim is not None and claim.uid:
            yield claim.uid


def _reserving(vmi: VirtualMachineInstance) -> Iterator[str]:
    disks = {disk.name for disk in vmi.devices.disks if disk.reservation}
    yield from (volume.claim for volume in vmi.devices.volumes if volume.claim and volume.name in disks)


class _Group(NamedTuple):
    """Nodes with the same reasons: those of the group that it was a part of, and a last one. Parts share the tail."""

    nodes: NodeSet
    last: Refusal | None = None
    before: "_Group | None" = None

    def split(self, refusal: Refusal) -> Iterator["_Group"]:
        """Yield the part that a refusal is about, and the rest."""
        refused = self.nodes & refusal.nodes
        if refused:
            yield _Group(refused, refusal, self)
        if refused != self.nodes:
            yield self._replace(nodes=self.nodes ^ refused)

    @property
    def reasons(self) -> tuple[Refusal, ...]:
        """All reasons, in their order."""
        reasons, group = list[Refusal](), self
        while group.last is not None and group.before is not None:
            reasons.append(group.last)
            group = group.before
        return tuple(reversed(reasons))

    def order(self) -> tuple[int, NodeSet]:
        """Return what groups are sorted by: the largest first."""
        return -self.nodes.bit_count(), self.nodes & -self.nodes


def _largest(groups: Iterable[_Group]) -> list[_Group]:
    kept = list(groups)
    return kept if len(kept) <= GROUPS else sorted(kept, key=_Group.order)[:GROUPS]


def _left(nodes: NodeSet, refusals: Iterable[Refusal]) -> NodeSet:
    for refusal in refusals:
        nodes &= ~refusal.nodes
    return nodes


def rests_on(vmi: VirtualMachineInstance, placement: Placement, snapshot: Snapshot) -> frozenset[Reference]:
    """Return the objects that could still make a node eligible, or say otherwise what the target pod needs.

    All nodes with the wanted labels are among them, even where one node is asked for: the others are told as remedy.
    """
    wanted = {key: value for key, value in placement.pod.node_selector.items() if key != HOSTNAME}
    return frozenset(
        {
            Reference(kind=NODE.name, name=vmi.status.node),
            Reference(kind=NODE.name, labels=frozenset(wanted.items())),
            Reference(
                kind=POD.name,
                namespace=vmi.metadata.namespace,
                labels=frozenset({(CREATED_BY, vmi.metadata.uid)}),
            ),
            *_neighbours(placement.pod, snapshot),
            *(Reference(kind=CLAIM.name, namespace=vmi.metadata.namespace, name=name) for name in _reserving(vmi)),
        }
    )


def _neighbours(pod: TargetPod, snapshot: Snapshot) -> Iterator[Reference]:
    """Yield the pods that the target pod's rules are about: of those only launchers are known without asking.

    A rule without a selector is about no pod at all.
    """
    for term in (*pod.affinity.pods, *pod.affinity.anti_pods):
        spaces = namespaces(term, pod.namespace, snapshot)
        for namespace in ("",) if spaces is None or len(spaces) > MANY_NAMESPACES else spaces:
            yield from _selected(term.selector, namespace)
    for constraint in pod.spread:
        yield from _selected(constraint.selector, pod.namespace)


def _selected(selector: Selector | None, namespace: str) -> Iterator[Reference]:
    if selector is not None:
        yield Reference(kind=POD.name, namespace=namespace, labels=selector.pairs)

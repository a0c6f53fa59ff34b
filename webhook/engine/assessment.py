"""The one question: can this virtual machine live-migrate, where to, and if not, why.

Everything people see (denials, warnings, tables, reports) is a presentation of an Assessment.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from webhook.engine.cpu_model import CpuModel, Selectors, cpu_model, launch_selectors
from webhook.engine.delays import delays
from webhook.engine.holdups import holdups, unlike_cpus
from webhook.engine.owner import for_owner
from webhook.engine.placement import Placement, place_within_bounds, rests_on
from webhook.engine.policy import Enforcement, Policy
from webhook.engine.restrictions import ALL
from webhook.engine.restrictions.restriction import Case, Concern, Restriction
from webhook.engine.targets.predicate import Refusal
from webhook.engine.timeouts import Timeouts, effective_timeouts
from webhook.engine.verdict import Violation
from webhook.objects.kubevirt import KubeVirt
from webhook.objects.migration import Migration
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.expansion import needed
from webhook.state.kinds import KUBEVIRT, VM, VMI, Reference
from webhook.state.snapshot import Snapshot

TOLD: Final = 8
"""Violations of one restriction that are told; the others are counted."""
UNJUDGED: Final = "where the VM can go isn't judged: its scheduling rules ask for more than any machine's"


class Rules(Struct, frozen=True, kw_only=True, cache_hash=True):
    """What is judged by: the restrictions that there are, and the operator's policy about them."""

    policy: Policy = Policy()
    restrictions: tuple[Restriction, ...] = ALL

    def resolved(self, kubevirt: KubeVirt | None, today: str) -> "Rules":
        """Return the rules with the policy that fits the cluster, as it holds on a day."""
        return replace(self, policy=self.policy.resolved(kubevirt).on(today))


class Assessment(Struct, frozen=True, kw_only=True):
    """The answer.

    `cpu` is the CPU model and who chose it. `placement` has every node with its reasons; it is None where nodes aren't
    judged: for a template, for a virtual machine that isn't on a node, for a decentralized migration, where no nodes
    are known (which is not the same as none), and for one that asks for more than is judged, as a warning then says.
    `rests_on` are the objects that any violation was found from; what is of a single one only, the violation says.
    """

    vmi: VirtualMachineInstance
    violations: tuple[Violation, ...]
    rests_on: frozenset[Reference]
    cpu: CpuModel
    timeouts: Timeouts
    placement: Placement | None = None
    warnings: tuple[str, ...] = ()

    @property
    def selectors(self) -> Selectors:
        """The CPU selectors that a target pod needs; where targets aren't judged, those that any pod needs."""
        return self.placement.selectors if self.placement else launch_selectors(self.vmi, self.cpu)

    @property
    def eligible(self) -> tuple[str, ...]:
        """The names of the nodes that can take the virtual machine; none, too, where nodes aren't judged."""
        return self.placement.nodes.names(self.placement.eligible) if self.placement else ()

    def reasons(self, node: str) -> tuple[Refusal, ...]:
        """Return every reason why a node can't take it, by the node's name."""
        return self.placement.reasons(self.placement.nodes.named(node)) if self.placement else ()


def assess(
    vmi: VirtualMachineInstance,
    snapshot: Snapshot,
    policy: Policy,
    migration: Migration | None = None,
    *,
    restrictions: tuple[Restriction, ...] = ALL,
    with_targets: bool = True,
) -> Assessment:
    """Judge a VMI, or what a VM's template would start, by every one of the restrictions that isn't off.

    Without a migration, one to any node is meant. `with_targets` false judges the object alone, not where it can go.
    """
    wanted = with_targets and _moves(vmi, snapshot, migration)
    added = migration.added_node_selector if migration else {}
    placement = place_within_bounds(vmi, snapshot, added) if wanted else None
    case = Case(vmi=vmi, snapshot=snapshot, migration=migration, placement=placement)
    violations: list[Violation] = []
    for restriction in _applicable(restrictions, policy, decentralized=case.decentralized):
        if broken := _first(restriction.check(case)):
            violations += for_owner(restriction, case, broken)
            case = replace(case, found=case.found | {restriction.ID})
    timeouts = _timeouts(vmi, snapshot)
    return Assessment(
        vmi=vmi,
        violations=tuple(violations),
        rests_on=_references(case, violations, restrictions) if violations else frozenset(),
        cpu=placement.cpu if placement else cpu_model(vmi, snapshot.kubevirt),
        timeouts=timeouts,
        placement=placement,
        warnings=(
            *((UNJUDGED,) if wanted and placement is None else ()),
            *holdups(vmi, migration, snapshot, timeouts),
            *((*unlike_cpus(vmi, placement), *delays(placement)) if placement else ()),
            *filter(None, (timeouts.warning,)),
        ),
    )


def _moves(vmi: VirtualMachineInstance, snapshot: Snapshot, migration: Migration | None) -> bool:
    """Tell whether it is to move from one known node to another."""
    decentralized = migration is not None and migration.decentralized
    return not (vmi.is_template or not vmi.status.node or decentralized or not snapshot.nodes.all)


def _first(violations: Iterator[Violation]) -> tuple[Violation, ...]:
    """Return the first violations of a restriction; the last one of many says how many more there are."""
    told = tuple(islice(violations, TOLD))
    if more := sum(1 for _ in violations):
        told = (*told[:-1], replace(told[-1], problem=f"{told[-1].problem}, and {more:,} more like this"))
    return told


@lru_cache(maxsize=16)
def _applicable(
    restrictions: tuple[Restriction, ...], policy: Policy, *, decentralized: bool
) -> tuple[Restriction, ...]:
    """Return the restrictions that are judged, in their order."""
    skipped = {Concern.VOLUME, Concern.TARGET} if decentralized else set()
    return tuple(
        restriction
        for restriction in restrictions
        if restriction.CONCERN not in skipped and policy.enforcement(restriction.ID) is not Enforcement.OFF
    )


def _timeouts(vmi: VirtualMachineInstance, snapshot: Snapshot) -> Timeouts:
    namespace = snapshot.namespace(vmi.metadata.namespace)
    labels = namespace.labels if namespace else {}
    return effective_timeouts(vmi, snapshot.kubevirt, snapshot.policies(), labels)


def _references(case: Case, violations: list[Violation], restrictions: tuple[Restriction, ...]) -> frozenset[Reference]:
    namespace, name = case.vmi.metadata.key
    references = {Reference(kind=KUBEVIRT.name)}
    if not case.vmi.is_template:
        references.add(Reference(kind=VMI.name, namespace=namespace, name=name))
    vm = case.vmi.metadata.vm
    if vm:
        references.add(Reference(kind=VM.name, namespace=namespace, name=vm.name))
        known = case.snapshot.vm(namespace, vm.name)
        references.update(needed(known, case.snapshot) if known else ())
    about_targets = {each.ID for each in restrictions if each.CONCERN is Concern.TARGET}
    if case.placement and any(violation.restriction in about_targets for violation in violations):
        references |= rests_on(case.vmi, case.placement, case.snapshot)
    return frozenset(references)

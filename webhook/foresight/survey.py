"""All virtual machines in question, assessed: what every table, document and page presents."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from msgspec import Struct

from webhook.engine.assessment import Assessment, assess
from webhook.engine.exemption import Exemption, exemption_of
from webhook.engine.move import Move, move_of
from webhook.engine.placement import Placement
from webhook.engine.policy import Enforcement, Policy
from webhook.engine.restrictions import ALL
from webhook.engine.restrictions.restriction import Concern
from webhook.engine.targets.predicate import Refusal
from webhook.engine.verdict import RESTART_VM, Command, Violation
from webhook.foresight.position import Locate, in_no_file
from webhook.objects.phases import FINAL_PHASES
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.expansion import expanded
from webhook.state.kinds import VM, VMI
from webhook.state.nodes import NodeSet
from webhook.state.snapshot import Snapshot

STOPPED: Final = "stopped"
RUNNING: Final = "running"


class Finding(Struct, frozen=True, kw_only=True):
    """One virtual machine: its assessment under the policy that holds.

    `denied` are the restrictions that forbid a move, `warned` those that the operator only wants to hear of.
    `eligible` are the nodes that can take it: now, else as soon as a pod has ended; or the one that it is moving to.
    `exemption` is that of its VM, whether it holds or not.
    `refused` are those that can't, in groups with the same reasons, the largest group first.
    """

    assessment: Assessment
    denied: tuple[Violation, ...]
    warned: tuple[Violation, ...]
    refused: tuple[tuple[tuple[Refusal, ...], NodeSet], ...] = ()
    eligible: NodeSet = 0
    move: Move | None = None
    exemption: Exemption | None = None

    @property
    def vmi(self) -> VirtualMachineInstance:
        """The virtual machine."""
        return self.assessment.vmi

    @property
    def placement(self) -> Placement | None:
        """Where it could go; None for what doesn't run: it has no node to leave."""
        return self.assessment.placement

    @property
    def migratable(self) -> bool:
        """Tell whether it can move; of what doesn't run, whether it could if it did."""
        return not self.denied

    @property
    def commands(self) -> tuple[Command, ...]:
        """What mends it, each command once, the restart last."""
        commands = dict.fromkeys(command for violation in self.denied + self.warned for command in violation.commands)
        return tuple(sorted(commands, key=lambda command: command.purpose == RESTART_VM))

    @property
    def is_live_migratable(self) -> bool:
        """Tell whether KubeVirt says that it can migrate: by this alone it decides whether it moves in a drain."""
        condition = self.vmi.status.live_migratable
        return condition is not None and condition.status == "True"

    @property
    def state(self) -> str:
        """What it does: `running`, `stopped`, or KubeVirt's phase in lower case."""
        return STOPPED if self.vmi.is_template else (self.vmi.status.phase.lower() or "pending")

    @property
    def restrictions(self) -> tuple[str, ...]:
        """The ids of what forbids a move, each once."""
        return tuple(dict.fromkeys(violation.restriction for violation in self.denied))


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What was found, ordered by namespace and name.

    `incomplete` are sentences about what could not be read, `locate` tells where a field was written, `made` is the
    date for people, `place` names the cluster, "" where neither is wanted.
    """

    snapshot: Snapshot
    policy: Policy
    findings: tuple[Finding, ...]
    incomplete: tuple[str, ...] = ()
    locate: Locate = in_no_file
    made: str = ""
    place: str = ""
    _names: dict[NodeSet, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def names(self, nodes: NodeSet) -> tuple[str, ...]:
        """Return the names of a set of nodes, in order; the same sets come back for many virtual machines."""
        if nodes not in self._names:
            self._names[nodes] = self.snapshot.nodes.names(nodes)
        return self._names[nodes]

    @cached_property
    def by_node(self) -> dict[str, tuple[Finding, ...]]:
        """What runs on each node."""
        found: dict[str, list[Finding]] = {name: [] for name in self.names(self.snapshot.nodes.all)}
        for finding in self.findings:
            if finding.state == RUNNING and finding.vmi.status.node:
                found.setdefault(finding.vmi.status.node, []).append(finding)
        return {name: tuple(findings) for name, findings in found.items()}

    @cached_property
    def tally(self) -> tuple[tuple[str, int], ...]:
        """How many virtual machines each restriction keeps where they are, the most common first."""
        return tuple(Counter(each for finding in self.findings for each in finding.restrictions).most_common())

    @property
    def not_migratable(self) -> tuple[Finding, ...]:
        """Those that can't move."""
        return tuple(finding for finding in self.findings if not finding.migratable)


def survey(
    snapshot: Snapshot,
    policy: Policy,
    machines: Iterable[VirtualMachineInstance],
    *,
    incomplete: tuple[str, ...] = (),
    locate: Locate = in_no_file,
    made: str = "",
    place: str = "",
) -> Survey:
    """Assess virtual machines."""
    ordered = sorted(machines, key=lambda machine: machine.metadata.key)
    findings = tuple(find(machine, snapshot, policy) for machine in ordered)
    return Survey(
        snapshot=snapshot,
        policy=policy,
        findings=findings,
        incomplete=incomplete,
        locate=locate,
        made=made,
        place=place,
    )


def find(machine: VirtualMachineInstance, snapshot: Snapshot, policy: Policy) -> Finding:
    """Assess one virtual machine. What is moving can: nothing is said of where else it could go."""
    assessment, move = assess(machine, snapshot, policy), move_of(machine, snapshot)
    violations = assessment.violations if move is None else _not_about_targets(assessment.violations)
    exemption = exemption_of(machine, snapshot)
    exempted = exemption is not None and exemption.holds(policy.today)
    denied, warned = policy.enforced(violations, Enforcement.WARN if exempted else Enforcement.DENY)
    eligible, refused = _nodes(assessment.placement, move, snapshot)
    return Finding(
        assessment=assessment,
        denied=denied,
        warned=warned,
        refused=refused,
        eligible=eligible,
        move=move,
        exemption=exemption,
    )


def _not_about_targets(violations: Iterable[Violation]) -> Iterator[Violation]:
    about_targets = {restriction.ID for restriction in ALL if restriction.CONCERN is Concern.TARGET}
    return (violation for violation in violations if violation.restriction not in about_targets)


def _nodes(
    placement: Placement | None, move: Move | None, snapshot: Snapshot
) -> tuple[NodeSet, tuple[tuple[tuple[Refusal, ...], NodeSet], ...]]:
    if placement is None:
        return 0, ()
    target = snapshot.nodes.named(move.target) if move else 0
    eligible = target or placement.eligible or placement.eligible_soon
    refused = ((reasons, nodes & ~eligible) for reasons, nodes in placement.by_reasons().items())
    return eligible, tuple((reasons, nodes) for reasons, nodes in refused if nodes)


def machines_in(snapshot: Snapshot, namespace: str = "") -> Iterator[VirtualMachineInstance]:
    """Yield what runs, and what the other VMs would start; of one namespace, or ("") of all."""
    running: set[tuple[str, str]] = set()
    for key, vmi in snapshot.table(VMI.name).items(namespace):
        if vmi.status.phase not in FINAL_PHASES:
            running.add(key)
            yield vmi
    for key, vm in snapshot.table(VM.name).items(namespace):
        if key not in running:
            yield expanded(vm, snapshot)

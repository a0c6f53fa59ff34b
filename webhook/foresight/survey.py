"""All virtual machines in question, assessed: what every table, document and page presents."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from msgspec import Struct

from webhook.engine.assessment import Assessment, assess
from webhook.engine.placement import Placement
from webhook.engine.policy import Policy
from webhook.engine.targets.predicate import Refusal
from webhook.engine.verdict import Violation
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
    `refused` are the nodes that can't take it, in groups with the same reasons, the largest group first.
    """

    assessment: Assessment
    denied: tuple[Violation, ...]
    warned: tuple[Violation, ...]
    refused: tuple[tuple[tuple[Refusal, ...], NodeSet], ...] = ()

    @property
    def vmi(self) -> VirtualMachineInstance:
        """The virtual machine."""
        return self.assessment.vmi

    @property
    def placement(self) -> Placement | None:
        """Where it could go; None for what doesn't run: it has no node to leave."""
        return self.assessment.placement

    @property
    def eligible(self) -> NodeSet:
        """The nodes that can take it."""
        return self.placement.eligible if self.placement else 0

    @property
    def migratable(self) -> bool:
        """Tell whether it can move; of what doesn't run, whether it could if it did."""
        return not self.denied

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
    date for people, "" where none is wanted.
    """

    snapshot: Snapshot
    policy: Policy
    findings: tuple[Finding, ...]
    incomplete: tuple[str, ...] = ()
    locate: Locate = in_no_file
    made: str = ""
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
) -> Survey:
    """Assess virtual machines."""
    ordered = sorted(machines, key=lambda machine: machine.metadata.key)
    findings = tuple(find(machine, snapshot, policy) for machine in ordered)
    return Survey(snapshot=snapshot, policy=policy, findings=findings, incomplete=incomplete, locate=locate, made=made)


def find(machine: VirtualMachineInstance, snapshot: Snapshot, policy: Policy) -> Finding:
    """Assess one virtual machine."""
    assessment = assess(machine, snapshot, policy)
    denied, warned = policy.enforced(assessment.violations)
    placement = assessment.placement
    return Finding(
        assessment=assessment,
        denied=denied,
        warned=warned,
        refused=tuple(placement.by_reasons().items()) if placement else (),
    )


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

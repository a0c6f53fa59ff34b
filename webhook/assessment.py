"""The one question: can this virtual machine live-migrate, and if not, why?

Everything people see (denials, warnings, tables, reports) is a presentation of an Assessment.
"""

from dataclasses import dataclass, replace

from webhook.cluster.kinds import CLAIM, KUBEVIRT, VMI, Reference
from webhook.cluster.snapshot import Snapshot
from webhook.objects.migration import Migration
from webhook.objects.vmi import VirtualMachineInstance
from webhook.policy import Enforcement, Policy
from webhook.restrictions import ALL
from webhook.restrictions.restriction import Case, Concern, Restriction
from webhook.verdict import Violation


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The answer. `rests_on` are the objects it was made from."""

    vmi: VirtualMachineInstance
    violations: tuple[Violation, ...]
    rests_on: frozenset[Reference]


def assess(
    vmi: VirtualMachineInstance, snapshot: Snapshot, policy: Policy, migration: Migration | None = None
) -> Assessment:
    """Judge a VMI, or what a VM's template would start, by every restriction that isn't off."""
    case = Case(vmi=vmi, snapshot=snapshot, migration=migration)
    violations: list[Violation] = []
    for restriction in ALL:
        if _applies(restriction, case, policy):
            violations += restriction.check(replace(case, found=frozenset(v.restriction for v in violations)))
    return Assessment(vmi=vmi, violations=tuple(violations), rests_on=_references(vmi))


def _applies(restriction: Restriction, case: Case, policy: Policy) -> bool:
    if policy.enforcement(restriction.ID) is Enforcement.OFF:
        return False
    return not (case.decentralized and restriction.CONCERN in {Concern.VOLUME, Concern.TARGET})


def _references(vmi: VirtualMachineInstance) -> frozenset[Reference]:
    namespace, name = vmi.metadata.key
    claims = {volume.claim for volume in vmi.devices.volumes if volume.claim}
    return frozenset(
        {
            Reference(kind=VMI.name, namespace=namespace, name=name),
            Reference(kind=KUBEVIRT.name),
            *(Reference(kind=CLAIM.name, namespace=namespace, name=claim) for claim in claims),
        }
    )

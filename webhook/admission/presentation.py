"""An Assessment as a verdict: denials in full sentences, warnings in one short line each."""

from collections.abc import Iterable
from typing import Final

from webhook.admission.annotations import facts
from webhook.engine.assessment import Assessment
from webhook.engine.exemption import Exemption
from webhook.engine.policy import Enforcement, Policy
from webhook.engine.verdict import Subject, Verdict, Violation
from webhook.objects.vmi import VirtualMachineInstance

EXPLAIN: Final = "kubectl livemigration explain"


def judged(
    assessment: Assessment,
    policy: Policy,
    strictest: Enforcement = Enforcement.DENY,
    exemption: Exemption | None = None,
) -> Verdict:
    """Present an assessment; `strictest` bounds what a broken restriction may do (a controller may only be warned)."""
    exempted = exemption is not None and exemption.holds(policy.today)
    denied, warned = policy.enforced(assessment.violations, Enforcement.WARN if exempted else strictest)
    told = [exemption.told(policy.today)] if exemption and assessment.violations else []
    warnings = (*misread_warnings(assessment.vmi.misread), *told, *map(warning, warned), *assessment.warnings)
    if denied:
        return refusal(assessment, denied, warnings)
    return Verdict(
        warnings=warnings,
        causes=warned,
        subject=subject(assessment.vmi),
        audit=facts(assessment),
        exempted=exempted and bool(warned),
    )


def refusal(
    assessment: Assessment, causes: tuple[Violation, ...], warnings: tuple[str, ...] = (), *, asked_by: str = ""
) -> Verdict:
    """Refuse, with every broken restriction in one message, one line each, and where to read more.

    `asked_by` says who wants it refused, where that isn't plain.
    """
    opening = f"{assessment.vmi.title} cannot be live-migrated:"
    ids = list(dict.fromkeys(cause.restriction for cause in causes))
    help_ = f"Help: {EXPLAIN} {' '.join(ids)}"
    lines = [opening, *(cause.message for cause in causes), asked_by, help_]
    return Verdict(
        allowed=False,
        message=("\n" if len(causes) > 1 else " ").join(filter(None, lines)),
        causes=causes,
        subject=subject(assessment.vmi),
        warnings=warnings,
        audit={"restrictions": ",".join(ids)},
        rests_on=assessment.rests_on.union(*(cause.rests_on for cause in causes)),
    )


def subject(vmi: VirtualMachineInstance) -> Subject:
    """Name the virtual machine that a verdict is about."""
    vm = vmi.metadata.vm
    return Subject(
        title=vmi.title,
        kind="VirtualMachine" if vmi.is_template else "VirtualMachineInstance",
        resource="virtualmachines" if vmi.is_template else "virtualmachineinstances",
        namespace=vmi.metadata.namespace,
        name=vmi.metadata.name,
        uid=vmi.metadata.uid,
        vm=vm.name if vm else "",
        vm_uid=vm.uid if vm else "",
    )


def warning(violation: Violation) -> str:
    """Return a violation in one short line: the restriction, the field and the remedy, unless it has a shorter way."""
    said = violation.short or f"{violation.owner_field or violation.field}: {violation.remedy}"
    return f"{violation.restriction}: {said}"


def misread_warnings(notes: Iterable[str]) -> tuple[str, ...]:
    """Say what could not be read and is taken as absent."""
    return tuple(dict.fromkeys(f"{note}: taken as absent" for note in notes))

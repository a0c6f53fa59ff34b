"""An Assessment as a verdict: denials in full sentences, warnings in one short line each."""

from collections.abc import Iterable

from webhook.admission.annotations import facts
from webhook.engine.assessment import Assessment
from webhook.engine.policy import Enforcement, Policy
from webhook.engine.verdict import Subject, Verdict, Violation
from webhook.objects.vmi import VirtualMachineInstance


def judged(assessment: Assessment, policy: Policy, strictest: Enforcement = Enforcement.DENY) -> Verdict:
    """Present an assessment; `strictest` bounds what a broken restriction may do (a controller may only be warned)."""
    denied, warned = policy.enforced(assessment.violations, strictest)
    warnings = (*misread_warnings(assessment.vmi.misread), *map(warning, warned), *assessment.warnings)
    if denied:
        return refusal(assessment, denied, warnings)
    return Verdict(warnings=warnings, causes=warned, subject=subject(assessment.vmi), audit=facts(assessment))


def refusal(assessment: Assessment, causes: tuple[Violation, ...], warnings: tuple[str, ...] = ()) -> Verdict:
    """Refuse, with every broken restriction in one message: one line each."""
    opening = f"{assessment.vmi.title} cannot be live-migrated:"
    separator = "\n" if len(causes) > 1 else " "
    return Verdict(
        allowed=False,
        message=separator.join([opening, *("\n".join(cause.message for cause in causes).split("\n"))]),
        causes=causes,
        subject=subject(assessment.vmi),
        warnings=warnings,
        audit={"restrictions": ",".join(dict.fromkeys(cause.restriction for cause in causes))},
        rests_on=assessment.rests_on,
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
    """Return a violation in one short line: the restriction, the field and the remedy."""
    return f"{violation.restriction}: {violation.field}: {violation.remedy}"


def misread_warnings(notes: Iterable[str]) -> tuple[str, ...]:
    """Say what could not be read and is taken as absent."""
    return tuple(f"{note}: taken as absent" for note in notes)

"""Judging a VirtualMachineInstanceMigration when it is created."""

from msgspec.structs import replace

from webhook.admission.annotations import annotations
from webhook.admission.patch import entries_added
from webhook.admission.presentation import judged, misread_warnings
from webhook.admission.requester import is_kubevirt_controller
from webhook.admission.review import AdmissionRequest
from webhook.engine.assessment import Assessment, Rules, assess
from webhook.engine.exemption import exemption_of
from webhook.engine.move import move_of
from webhook.engine.policy import Enforcement
from webhook.engine.verdict import Verdict
from webhook.engine.wording import named
from webhook.objects.fields import Fields
from webhook.objects.migration import Migration, as_meant, read_migration
from webhook.objects.phases import FINAL_PHASES
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.kinds import MIGRATION, VMI, Reference
from webhook.state.snapshot import Snapshot


def validate(request: AdmissionRequest, snapshot: Snapshot, rules: Rules) -> Verdict:
    """Refuse a migration that breaks a restriction; leave to KubeVirt what KubeVirt refuses itself."""
    verdict, _ = _review(request, snapshot, rules)
    return verdict


def mutate(request: AdmissionRequest, snapshot: Snapshot, rules: Rules) -> Verdict:
    """Give the verdict of `validate` one phase earlier, so that ours is the refusal that is seen.

    A migration that is allowed gets what is known of it as annotations.
    """
    verdict, assessment = _review(request, snapshot, rules)
    if assessment is None or not verdict.allowed:
        return verdict
    patch = entries_added(request.object, ("metadata", "annotations"), annotations(assessment))
    return replace(verdict, patch=patch)


def judge(vmi: VirtualMachineInstance, migration: Migration, snapshot: Snapshot, rules: Rules) -> Verdict:
    """Judge the move of a VMI that a person asks for."""
    verdict, _ = _judge(vmi, migration, snapshot, rules, Enforcement.DENY)
    return verdict


def _review(request: AdmissionRequest, snapshot: Snapshot, rules: Rules) -> tuple[Verdict, Assessment | None]:
    document = Fields(request.object)
    migration = read_migration(document, request.namespace)
    if not migration.vmi_name:
        missing = "spec.vmiName is missing: KubeVirt will refuse this"
        return Verdict(warnings=(*misread_warnings(document.notes.all()), missing)), None
    vmi = snapshot.vmi(request.namespace, migration.vmi_name)
    if vmi is None:
        return _without_vmi(request.namespace, migration), None
    strictest = rules.policy.controllers if is_kubevirt_controller(request.user, snapshot) else Enforcement.DENY
    # The API server asks twice, before and after it lets others change the migration, and again when somebody retries.
    key = (vmi.metadata.key, migration.request, rules, strictest)
    return snapshot.cached(key, lambda: _judge(vmi, migration, snapshot, rules, strictest))


def _judge(
    vmi: VirtualMachineInstance, migration: Migration, snapshot: Snapshot, rules: Rules, strictest: Enforcement
) -> tuple[Verdict, Assessment | None]:
    """Judge the move of a VMI; `strictest` bounds what a broken restriction may do."""
    if (move := move_of(vmi, snapshot)) and move.migration != migration.metadata.name:
        warning = f"{vmi.title} {move.words}: KubeVirt will refuse another migration"
        going_on = Reference(kind=MIGRATION.name, namespace=vmi.metadata.namespace, name=move.migration)
        return Verdict(warnings=(warning,), rests_on=frozenset({going_on})), None
    if (words := _not_running(vmi)) and not migration.receives:
        warning = f"{vmi.title} {words}: KubeVirt decides whether it can migrate"
        return Verdict(warnings=(warning,), rests_on=frozenset({_reference(*vmi.metadata.key)})), None
    assessment = assess(
        vmi, snapshot, rules.policy, as_meant(migration, vmi.harvester_target), restrictions=rules.restrictions
    )
    return judged(assessment, rules.policy, strictest, exemption_of(vmi, snapshot)), assessment


def _without_vmi(namespace: str, migration: Migration) -> Verdict:
    title = f"VMI {named(namespace)}/{named(migration.vmi_name)}"
    return Verdict(
        warnings=(f"{title} does not exist: KubeVirt will refuse this migration",),
        rests_on=frozenset({_reference(namespace, migration.vmi_name)}),
    )


def _reference(namespace: str, name: str) -> Reference:
    return Reference(kind=VMI.name, namespace=namespace, name=name)


def _not_running(vmi: VirtualMachineInstance) -> str:
    """Say why nothing runs that could move; "" when something does."""
    if vmi.metadata.deleting:
        return "is being deleted"
    if vmi.status.phase in FINAL_PHASES:
        return f"has ended ({vmi.status.phase})"
    if vmi.status.phase != "Running":
        return f"is not running (phase {named(vmi.status.phase) or 'unset'})"
    return "" if vmi.status.node else "has no node yet"

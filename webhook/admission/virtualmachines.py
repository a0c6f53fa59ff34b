"""Judging a VirtualMachine or a VirtualMachineInstance when it is made or changed.

A virtual machine that can't migrate is legitimate; its owner should just know before the node is drained. So there are
warnings only, unless the owner asked that it stay migratable: label `live-migration-webhook/required: "true"` on the
VM or its namespace.
"""

from typing import Final

from msgspec.structs import replace

from webhook.admission import migrations
from webhook.admission.presentation import misread_warnings, refusal, warning
from webhook.admission.requester import is_kubevirt_controller
from webhook.admission.review import AdmissionRequest
from webhook.engine.assessment import Assessment, Rules, assess
from webhook.engine.policy import Enforcement
from webhook.engine.verdict import ALLOWED, Verdict
from webhook.objects.metadata import Metadata, read_metadata
from webhook.objects.migration import HARVESTER_TARGET, a_move_to
from webhook.objects.vm import read_vm
from webhook.objects.vmi import VirtualMachineInstance, read_vmi
from webhook.state.kinds import NAMESPACE, Reference
from webhook.state.snapshot import Snapshot

REQUIRED: Final = "live-migration-webhook/required"


def validate(request: AdmissionRequest, snapshot: Snapshot, rules: Rules) -> Verdict:
    """Say what will forbid a live migration, when the specification is new or changed."""
    if node := _newly_asked_node(request):
        return _validate_move(request, snapshot, rules, node)
    if request.operation == "UPDATE" and request.object.value.get("spec") == request.old_object.value.get("spec"):
        return ALLOWED
    metadata, vmi = _read(request)
    assessment = assess(vmi, snapshot, rules.policy, restrictions=rules.restrictions, with_targets=False)
    denied = [v for v in assessment.violations if rules.policy.enforcement(v.restriction) is Enforcement.DENY]
    if denied and _is_required(metadata, snapshot) and not is_kubevirt_controller(request.user, snapshot):
        return _required(refusal(assessment, denied, misread_warnings(vmi.misread)), metadata)
    return Verdict(warnings=(*misread_warnings(vmi.misread), *_advice(assessment)))


def _newly_asked_node(request: AdmissionRequest) -> str:
    """Return the node that Harvester's Migrate button asks for in this very update, "" for none.

    The annotation pins nothing by itself and stays behind after a failed move; so only a new one counts.
    """
    if request.resource != "virtualmachineinstances" or request.operation != "UPDATE":
        return ""
    old, new = (read_metadata(document).annotations for document in (request.old_object, request.object))
    asked = new.get(HARVESTER_TARGET, "")
    return "" if asked == old.get(HARVESTER_TARGET) else asked


def _validate_move(request: AdmissionRequest, snapshot: Snapshot, rules: Rules, node: str) -> Verdict:
    """Judge Harvester's first write of a move like the migration that follows: a refusal here leaves no residue."""
    vmi = read_vmi(request.object, request.namespace)
    return migrations.judge(vmi, a_move_to(node, vmi.metadata), snapshot, rules)


def _read(request: AdmissionRequest) -> tuple[Metadata, VirtualMachineInstance]:
    if request.resource == "virtualmachines":
        vm = read_vm(request.object, request.namespace)
        return vm.metadata, vm.instance
    vmi = read_vmi(request.object, request.namespace)
    return vmi.metadata, vmi


def _is_required(metadata: Metadata, snapshot: Snapshot) -> bool:
    namespace = snapshot.namespace(metadata.namespace)
    labels = (metadata.labels, namespace.labels if namespace else {})
    return any(label.get(REQUIRED) == "true" for label in labels)


def _required(verdict: Verdict, metadata: Metadata) -> Verdict:
    """Add who asked for it, and that the answer rests on the namespace's label too."""
    namespace = Reference(kind=NAMESPACE.name, name=metadata.namespace)
    reason = f'\nIt has to stay migratable: label {REQUIRED}="true" on the VM or its namespace.'
    return replace(verdict, message=verdict.message + reason, rests_on=verdict.rests_on | {namespace})


def _advice(assessment: Assessment) -> tuple[str, ...]:
    warnings = tuple(map(warning, assessment.violations))
    if not warnings or assessment.vmi.eviction_strategy != "LiveMigrate":
        return warnings
    field = assessment.vmi.field("evictionStrategy")
    return (*warnings, f"{field} is LiveMigrate, but it can't migrate: a drain of its node will hang")

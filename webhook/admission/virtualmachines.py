"""Judging a VirtualMachine or a VirtualMachineInstance when it is made or changed.

A virtual machine that can't migrate is legitimate; its owner should just know before the node is drained. So there are
warnings only, unless the owner asked that it stay migratable: label `live-migration-webhook/required: "true"` on the
VM or its namespace.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from webhook.admission import migrations
from webhook.admission.presentation import misread_warnings, refusal, warning
from webhook.admission.requester import is_kubevirt_controller
from webhook.admission.review import AdmissionRequest
from webhook.engine.assessment import Assessment, Rules, assess
from webhook.engine.exemption import exemption_in
from webhook.engine.holdups import from_the_start
from webhook.engine.policy import Enforcement, Policy
from webhook.engine.verdict import ALLOWED, Verdict, Violation
from webhook.foresight.eviction import foretold_drain
from webhook.objects.fields import Fields
from webhook.objects.labels import HARVESTER_TARGET, REQUIRED
from webhook.objects.metadata import Metadata, read_metadata
from webhook.objects.migration import migration_to
from webhook.objects.vm import read_vm
from webhook.objects.vmi import VirtualMachineInstance, read_vmi
from webhook.state.expansion import expanded, needed
from webhook.state.kinds import NAMESPACE, Reference
from webhook.state.snapshot import Snapshot


def validate(request: AdmissionRequest, snapshot: Snapshot, rules: Rules) -> Verdict:
    """Say what will forbid a live migration, when the specification is new or changed, or a promise newly made."""
    move = ALLOWED
    if node := _newly_asked_node(request):
        move = _validate_move(request, snapshot, rules, node)
    if not move.allowed or not _is_new(request):
        return move
    advice = _validate_specification(request, snapshot, rules)
    if not advice.allowed or move is ALLOWED:
        return advice
    return replace(move, warnings=tuple(dict.fromkeys((*move.warnings, *advice.warnings))))


def _is_new(request: AdmissionRequest) -> bool:
    """Tell whether the specification is new or changed, or the virtual machine must stay migratable from now on."""
    if request.operation != "UPDATE" or _differ(request.object.get("spec"), request.old_object.get("spec")):
        return True
    old, new = (read_metadata(Fields(document)).labels for document in (request.old_object, request.object))
    return new.get(REQUIRED) == "true" != old.get(REQUIRED)


def _differ(new: object, old: object) -> bool:
    """Compare two specifications; those that are nested too deeply for that are taken for different ones."""
    try:
        return new != old
    except RecursionError:
        return True


def _validate_specification(request: AdmissionRequest, snapshot: Snapshot, rules: Rules) -> Verdict:
    metadata, vmi, rests_on = _read(request, snapshot)
    policy = rules.policy
    assessment = assess(vmi, snapshot, policy, restrictions=rules.restrictions, with_targets=False)
    exemption = exemption_in(metadata.annotations)
    exempted = exemption is not None and exemption.holds(policy.today)
    denied, _ = policy.enforced(assessment.violations, Enforcement.WARN if exempted else Enforcement.DENY)
    if denied and _is_required(metadata, snapshot) and not is_kubevirt_controller(request.user, snapshot):
        verdict = _required(assessment, denied, metadata)
        return replace(verdict, rests_on=verdict.rests_on | rests_on)
    told = [exemption.told(policy.today)] if exemption else []
    warnings = (*misread_warnings(vmi.misread), *told, *_advice(assessment, snapshot, policy))
    return Verdict(warnings=warnings, rests_on=frozenset(rests_on))


def _newly_asked_node(request: AdmissionRequest) -> str:
    """Return the node that Harvester's Migrate button asks for in this very update, "" for none.

    The annotation pins nothing by itself and stays behind after a failed move; so only a new one counts.
    """
    if request.resource != "virtualmachineinstances" or request.operation != "UPDATE":
        return ""
    old, new = (read_metadata(Fields(document)).annotations for document in (request.old_object, request.object))
    asked = new.get(HARVESTER_TARGET, "")
    return "" if asked == old.get(HARVESTER_TARGET) else asked


def _validate_move(request: AdmissionRequest, snapshot: Snapshot, rules: Rules, node: str) -> Verdict:
    """Judge Harvester's first write of a move like the migration that follows: a refusal here leaves no residue."""
    vmi = read_vmi(Fields(request.object), request.namespace)
    return migrations.judge(vmi, migration_to(node, vmi.metadata), snapshot, rules)


def _read(request: AdmissionRequest, snapshot: Snapshot) -> tuple[Metadata, VirtualMachineInstance, set[Reference]]:
    """Return what is judged, and what must be read before something may be called unknown."""
    if request.resource == "virtualmachines":
        vm = read_vm(Fields(request.object), request.namespace)
        return vm.metadata, expanded(vm, snapshot), set(needed(vm, snapshot))
    vmi = read_vmi(Fields(request.object), request.namespace)
    return vmi.metadata, vmi, set()


def _is_required(metadata: Metadata, snapshot: Snapshot) -> bool:
    namespace = snapshot.namespace(metadata.namespace)
    labels = (metadata.labels, namespace.labels if namespace else {})
    return any(label.get(REQUIRED) == "true" for label in labels)


def _required(assessment: Assessment, denied: tuple[Violation, ...], metadata: Metadata) -> Verdict:
    """Refuse, and say who asked for it: the answer rests on the namespace's label too."""
    reason = f'It has to stay migratable: label {REQUIRED}="true" on the VM or its namespace.'
    verdict = refusal(assessment, denied, misread_warnings(assessment.vmi.misread), asked_by=reason)
    return replace(verdict, rests_on=verdict.rests_on | {Reference(kind=NAMESPACE.name, name=metadata.namespace)})


def _advice(assessment: Assessment, snapshot: Snapshot, policy: Policy) -> Iterator[str]:
    yield from map(warning, assessment.violations)
    yield from from_the_start(assessment.vmi)
    if assessment.violations:
        held = bool(policy.holding(assessment.violations))
        yield from filter(None, (foretold_drain(assessment.vmi, snapshot.kubevirt, held=held),))

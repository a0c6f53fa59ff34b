"""Judging a VirtualMachine or a VirtualMachineInstance when it is made or changed: advice, no refusal.

A virtual machine that can't migrate is legitimate; its owner should just know before the node is drained.
"""

from webhook.admission.presentation import misread_warnings, warning
from webhook.assessment import assess
from webhook.cluster.snapshot import Snapshot
from webhook.objects.vm import read_vm
from webhook.objects.vmi import VirtualMachineInstance, read_vmi
from webhook.policy import Policy
from webhook.review import AdmissionRequest
from webhook.verdict import ALLOWED, Verdict


def validate(request: AdmissionRequest, snapshot: Snapshot, policy: Policy) -> Verdict:
    """Warn of what will forbid a live migration, when the specification is new or changed."""
    if request.operation == "UPDATE" and request.object.value.get("spec") == request.old_object.value.get("spec"):
        return ALLOWED
    vmi = _instance(request)
    assessment = assess(vmi, snapshot, policy)
    return Verdict(
        warnings=(
            *misread_warnings(vmi.misread),
            *map(warning, assessment.violations),
            *_eviction(vmi, bool(assessment.violations)),
        )
    )


def _instance(request: AdmissionRequest) -> VirtualMachineInstance:
    if request.resource == "virtualmachines":
        return read_vm(request.object, request.namespace).instance
    return read_vmi(request.object, request.namespace)


def _eviction(vmi: VirtualMachineInstance, restricted: bool) -> tuple[str, ...]:
    if restricted and vmi.eviction_strategy == "LiveMigrate":
        return (f"{vmi.field('evictionStrategy')} is LiveMigrate, but it can't migrate: a drain of its node will hang",)
    return ()

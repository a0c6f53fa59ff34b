"""Giving a virt-launcher pod the CPU selectors that it needs: only what is missing, and never a refusal.

Registered for the creation of pods with the label `kubevirt.io=virt-launcher`. virt-controller sets most of these
selectors itself; what it leaves out (`webhook.engine.cpu_model` tells) would let the guest come to a CPU that
it can't use.
"""

from typing import Final

from webhook.admission.patch import entries_added
from webhook.admission.presentation import misread_warnings
from webhook.admission.review import AdmissionRequest
from webhook.engine.assessment import Rules
from webhook.engine.cpu_model import Selectors, cpu_model, launch_selectors, migration_selectors
from webhook.engine.placement import source_pod
from webhook.engine.verdict import ALLOWED, Verdict
from webhook.engine.wording import named
from webhook.objects.metadata import Owner
from webhook.objects.pod import CREATED_BY, PROVISIONING, Pod, read_pod
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.kinds import NODE, POD, VMI, Reference
from webhook.state.snapshot import Snapshot

NODE_SELECTOR: Final = ("spec", "nodeSelector")
NOBODYS: Final = "this pod is labelled as virt-launcher, but no VirtualMachineInstance controls it: left as it is"


def mutate(request: AdmissionRequest, snapshot: Snapshot, rules: Rules) -> Verdict:  # noqa: ARG001 - none applies
    """Add the CPU selectors that a launcher pod lacks."""
    pod = read_pod(request.object, request.namespace)
    if pod.vmi and pod.metadata.owner:
        return _launcher(request, pod, pod.metadata.owner, snapshot)
    return ALLOWED if PROVISIONING in pod.metadata.annotations else Verdict(warnings=(NOBODYS,))


def _launcher(request: AdmissionRequest, pod: Pod, owner: Owner, snapshot: Snapshot) -> Verdict:
    vmi = snapshot.vmi(request.namespace, owner.name)
    if vmi is None or vmi.metadata.uid != owner.uid:
        selectors = Selectors(
            labels={}, underivable=f"VMI {named(request.namespace)}/{named(owner.name)} does not exist"
        )
        rests_on = frozenset({Reference(kind=VMI.name, namespace=request.namespace, name=owner.name)})
    else:
        selectors = _selectors(pod, vmi, snapshot)
        rests_on = _unknown(pod, vmi, selectors, snapshot)
    present = request.object.object("spec").object("nodeSelector").value
    missing = {key: value for key, value in selectors.labels.items() if key not in present}
    return Verdict(
        patch=entries_added(request.object.value, NODE_SELECTOR, missing),
        warnings=(*misread_warnings(request.object.misread), *_warnings(selectors)),
        underivable=selectors.underivable,
        rests_on=rests_on,
    )


def _selectors(pod: Pod, vmi: VirtualMachineInstance, snapshot: Snapshot) -> Selectors:
    model = cpu_model(vmi, snapshot.kubevirt)
    if not pod.is_migration_target:
        return launch_selectors(vmi, model)
    return migration_selectors(vmi, model, source_pod(vmi, snapshot), snapshot.nodes.get("", vmi.status.node))


def _unknown(pod: Pod, vmi: VirtualMachineInstance, selectors: Selectors, snapshot: Snapshot) -> frozenset[Reference]:
    """Return what must be read before it may be called missing."""
    if not pod.is_migration_target or not cpu_model(vmi, snapshot.kubevirt).is_host_model:
        return frozenset()
    launchers = Reference(
        kind=POD.name, namespace=vmi.metadata.namespace, labels=frozenset({(CREATED_BY, vmi.metadata.uid)})
    )
    node = Reference(kind=NODE.name, name=vmi.status.node)
    absent = {launchers: source_pod(vmi, snapshot) is None, node: bool(selectors.underivable and vmi.status.node)}
    return frozenset(reference for reference, is_absent in absent.items() if is_absent)


def _warnings(selectors: Selectors) -> tuple[str, ...]:
    return (f"CPU selectors can't be told: {selectors.underivable}",) if selectors.underivable else ()

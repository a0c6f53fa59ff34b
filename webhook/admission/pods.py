"""Giving a virt-launcher pod the CPU selectors that it needs: only what is missing, and never a refusal.

Registered for the creation of pods with the label `kubevirt.io=virt-launcher`. virt-controller sets most of these
selectors itself; what it leaves out (`webhook.engine.cpu_model` tells) would let the guest come to a CPU that
it can't use.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from webhook.admission.patch import entries_added
from webhook.admission.presentation import misread_warnings
from webhook.admission.review import AdmissionRequest
from webhook.engine.assessment import Rules
from webhook.engine.cpu_model import Selectors, cpu_model, launch_selectors, migration_selectors
from webhook.engine.placement import source_pod
from webhook.engine.verdict import ALLOWED, Verdict
from webhook.engine.wording import named
from webhook.objects.fields import Fields
from webhook.objects.labels import CREATED_BY, PROVISIONING
from webhook.objects.metadata import Owner
from webhook.objects.pod import Pod, read_pod
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.kinds import NODE, POD, VMI, Reference
from webhook.state.snapshot import Snapshot

NODE_SELECTOR: Final = ("spec", "nodeSelector")
NOBODYS: Final = "this pod is labelled as virt-launcher, but no VirtualMachineInstance controls it: left as it is"


def mutate(request: AdmissionRequest, snapshot: Snapshot, rules: Rules) -> Verdict:  # noqa: ARG001 - none applies
    """Add the CPU selectors that a launcher pod lacks."""
    document = Fields(request.object)
    pod = read_pod(document, request.namespace)
    if not pod.vmi or not pod.metadata.owner:
        return ALLOWED if PROVISIONING in pod.metadata.annotations else Verdict(warnings=(NOBODYS,))
    selectors, rests_on = _needed(pod, pod.metadata.owner, request.namespace, snapshot)
    return Verdict(
        patch=entries_added(request.object, NODE_SELECTOR, _missing(selectors, request.object)),
        warnings=(*misread_warnings(document.notes.all()), *_warnings(selectors)),
        underivable=selectors.underivable,
        rests_on=frozenset(rests_on),
    )


def _needed(pod: Pod, owner: Owner, namespace: str, snapshot: Snapshot) -> tuple[Selectors, Iterable[Reference]]:
    """Return the CPU selectors of a launcher pod, and what must be read before anything may be called missing."""
    vmi = snapshot.vmi(namespace, owner.name)
    if vmi is None or vmi.metadata.uid != owner.uid:
        absent = f"VMI {named(namespace)}/{named(owner.name)} does not exist"
        reference = Reference(kind=VMI.name, namespace=namespace, name=owner.name)
        return Selectors(labels={}, underivable=absent), (reference,)
    model = cpu_model(vmi, snapshot.kubevirt)
    if not pod.is_migration_target:
        return launch_selectors(vmi, model), ()
    source = source_pod(vmi, snapshot)
    selectors = migration_selectors(vmi, model, source, snapshot.nodes.get("", vmi.status.node))
    return selectors, _unknown(vmi, source, selectors) if model.is_host_model else ()


def _unknown(vmi: VirtualMachineInstance, source: Pod | None, selectors: Selectors) -> Iterator[Reference]:
    """Yield the source pod and the source node as far as they aren't known."""
    if source is None:
        created_by = (CREATED_BY, vmi.metadata.uid)
        yield Reference(kind=POD.name, namespace=vmi.metadata.namespace, labels=frozenset({created_by}))
    if selectors.underivable and vmi.status.node:
        yield Reference(kind=NODE.name, name=vmi.status.node)


def _missing(selectors: Selectors, document: Mapping[str, Any]) -> Mapping[str, str]:
    present = Fields(document).object("spec").object("nodeSelector").value
    return {key: value for key, value in selectors.labels.items() if key not in present}


def _warnings(selectors: Selectors) -> tuple[str, ...]:
    return (f"CPU selectors can't be told: {selectors.underivable}",) if selectors.underivable else ()

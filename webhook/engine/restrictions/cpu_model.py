"""A CPU that no other node can offer.

A guest keeps the CPU that it was started with. So the target must offer the same model and features: for a custom
model `XYZ` the label `cpu-model.node.kubevirt.io/XYZ`, for `host-model` what the source node was
(`host-model-cpu.node.kubevirt.io/M` there, `cpu-model-migration.node.kubevirt.io/M` on the target).

Restricted fields: `spec.domain.cpu` of the VMI, against the labels of all nodes but the one where it runs. Also a
source node without the label `host-model-cpu.node.kubevirt.io/M`, when it must be asked.
Allowed: `host-passthrough` as far as vendor and features go, and arm64, whose nodes publish no models.
Remedy: choose a CPU model that the nodes share, for the cluster or for the VM; then shut down the VM and start it.
Source: the live-migration page; KubeVirt `pkg/virt-controller/watch/migration`.
Since: the page of Harvester 1.4; KubeVirt 1.0.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.cpu_model import Origin
from webhook.engine.cpu_remedy import cluster_command, shared_models, vm_command
from webhook.engine.explanation import explained
from webhook.engine.placement import CPU_PREDICATES, Placement
from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.verdict import Violation
from webhook.engine.wording import named, quoted
from webhook.objects.labels import MODEL
from webhook.state.nodes import NodeSet

ID: Final = "cpu-model"
CONCERN: Final = Concern.TARGET
REMEDY: Final = "choose a CPU model that the nodes share, then shut down the VM and start it again"
OTHER_FEATURES: Final = "ask only for CPU features that the nodes share, then shut down the VM and start it again"
NO_MODELS: Final = f"let KubeVirt's node labeller publish the nodes' CPU models (no node has a label {MODEL}*)"
SHOWN_MODELS: Final = 3


def check(case: Case) -> Iterator[Violation]:
    """Yield the CPU that no other node offers."""
    placement = case.placement
    if placement is None or not placement.candidates:
        return
    if placement.selectors.underivable:
        yield _violation(case, placement, f"can't tell which CPU a target needs: {placement.selectors.underivable}")
    elif not placement.passing(CPU_PREDICATES):
        yield _violation(
            case, placement, f"no other node offers {_cpu(case, placement)} ({explained(placement, CPU_PREDICATES)})"
        )


def _cpu(case: Case, placement: Placement) -> str:
    if placement.cpu.is_custom:
        chooses = "which chooses" if placement.cpu.origin is Origin.VMI else "for which the KubeVirt resource chooses"
        return f"the CPU of the VM, {chooses} model {quoted(placement.cpu.name)}"
    return f"the CPU that {placement.cpu.name} gave the VM on {named(case.vmi.status.node)}"


def _violation(case: Case, placement: Placement, problem: str) -> Violation:
    models = shared_models(placement.nodes)
    by_features = placement.cpu.is_custom and placement.passing({"cpu-model"})
    return Violation(
        restriction=ID,
        field=case.vmi.field("domain.cpu.features" if by_features else "domain.cpu.model"),
        problem=problem,
        remedy=OTHER_FEATURES if by_features else REMEDY if models else NO_MODELS,
        details=_details(case, placement, models) if models and not by_features else "",
    )


def _details(case: Case, placement: Placement, models: list[tuple[str, NodeSet]]) -> str:
    total = placement.nodes.all.bit_count()
    common = ", ".join(f"{model} ({nodes.bit_count()} of {total} nodes)" for model, nodes in models[:SHOWN_MODELS])
    best, _ = models[0]
    sentences = [f"Most common: {common}", f"For the cluster: `{cluster_command(case.snapshot.kubevirt, best)}`"]
    if vm := case.vmi.metadata.vm:
        sentences.append(f"For this VM: `{vm_command(case.vmi.metadata.namespace, vm.name, best)}`")
    return ". ".join(sentences)

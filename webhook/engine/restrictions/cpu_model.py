"""A CPU that no other node can offer.

A guest keeps the CPU that it was started with. So the target must offer the same model and features: for a custom
model `XYZ` the label `cpu-model.node.kubevirt.io/XYZ`, for `host-model` what the source node was
(`host-model-cpu.node.kubevirt.io/M` there, `cpu-model-migration.node.kubevirt.io/M` on the target).

Restricted fields: `spec.domain.cpu` of the VMI, against the labels of all nodes but the one where it runs. Also a
source node without the label `host-model-cpu.node.kubevirt.io/M`, when it must be asked.
Allowed: `host-passthrough` as far as vendor and features go, and arm64, whose nodes publish no models.
Remedy: choose a CPU model that the nodes share, for the cluster or for the VM; then restart the VM.
How: `kubectl livemigration cpu-models` tells which models the nodes share, and prints the command for the whole cluster
and the one for a VM; then Restart in Harvester's dashboard (Virtual Machines > menu of the VM), or
`virtctl restart NAME -n NAMESPACE`. A change of `spec.configuration.cpuModel` holds for VMs that choose no model.
Source: the live-migration page; KubeVirt `pkg/virt-controller/watch/migration`.
Since: the page of Harvester 1.4; KubeVirt 1.0.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.cpu_model import Origin
from webhook.engine.cpu_remedy import cluster_command, cluster_setting, shared_models, vm_command
from webhook.engine.explanation import explained
from webhook.engine.placement import CPU_PREDICATES, Placement, source_pod
from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.verdict import RESTART, Command, Violation
from webhook.engine.wording import named, quoted
from webhook.objects.labels import FEATURE, MODEL, REQUIRED_FEATURE_LABEL
from webhook.objects.scheduling import Requirement
from webhook.state.nodes import NodeSet

ID: Final = "cpu-model"
CONCERN: Final = Concern.TARGET
REMEDY: Final = "choose a CPU model that the nodes share"
OTHER_FEATURES: Final = "ask only for CPU features that the nodes share"
LEFT_OVER: Final = "shut down the VM and start it again: it asks for CPU features from before an upgrade of its node"
NO_MODELS: Final = f"let KubeVirt's node labeller publish the nodes' CPU models (no node has a label {MODEL}*)"
SHOWN_MODELS: Final = 3


def check(case: Case) -> Iterator[Violation]:
    """Yield the CPU that no other node offers."""
    placement = case.placement
    if placement is None or not placement.candidates:
        return
    if placement.selectors.underivable:
        yield _violation(case, placement, _untold(case, placement))
    elif not placement.passing(CPU_PREDICATES):
        yield _violation(
            case, placement, f"no other node offers {_cpu(case, placement)}: {explained(placement, CPU_PREDICATES)}"
        )


def _untold(case: Case, placement: Placement) -> str:
    """Say that nobody knows the CPU, and what KubeVirt makes of it: no target up to 1.5, one that asks for no CPU."""
    why, kubevirt = placement.selectors.underivable, case.snapshot.kubevirt
    if not placement.made:
        return f"KubeVirt can't make the target pod, as {why}"
    if kubevirt is not None and kubevirt.is_at_least(1, 6):
        return f"the guest may meet another CPU, as {why}"
    return f"can't tell which CPU a target needs: {why}"


def _cpu(case: Case, placement: Placement) -> str:
    if placement.cpu.is_custom:
        who = "the VM" if placement.cpu.origin is Origin.VMI else "the KubeVirt resource"
        return f"CPU model {quoted(placement.cpu.name)}, which {who} chooses"
    return f"the CPU that {placement.cpu.name} gave the VM on {named(case.vmi.status.node)}"


def _violation(case: Case, placement: Placement, problem: str) -> Violation:
    if _are_left_over(case, placement):
        return Violation(restriction=ID, field=case.vmi.field("domain.cpu.model"), problem=problem, remedy=LEFT_OVER)
    models = shared_models(placement.nodes)
    by_features = placement.cpu.is_custom and placement.passing({"cpu-model"})
    if by_features or not models:
        field = case.vmi.field("domain.cpu.features" if by_features else "domain.cpu.model")
        remedy = OTHER_FEATURES if by_features else NO_MODELS
        after = RESTART if by_features else ""
        return Violation(restriction=ID, field=field, problem=problem, remedy=remedy, after=after)
    return Violation(
        restriction=ID,
        field=case.vmi.field("domain.cpu.model"),
        problem=problem,
        remedy=_remedy(case, placement, *models[0]),
        after=RESTART,
        details=_most_common(placement, models),
        commands=tuple(_commands(case, models[0][0])),
    )


def _are_left_over(case: Case, placement: Placement) -> bool:
    """Tell whether only keys of the source pod are in the way that its own node hasn't, either, any more."""
    node, pod = placement.nodes.get("", case.vmi.status.node), source_pod(case.vmi, case.snapshot)
    if node is None or pod is None:
        return False
    wanted = placement.selectors.labels
    present = dict(node.labels).keys() | {
        FEATURE + key.removeprefix(REQUIRED_FEATURE_LABEL)
        for key, _ in node.labels
        if key.startswith(REQUIRED_FEATURE_LABEL)
    }
    gone = wanted.keys() & pod.node_selector.keys() - present
    rest = [Requirement(key=key, values=(wanted[key],)) for key in wanted if key not in gone]
    return bool(gone) and bool(placement.nodes.meeting(rest) & placement.candidates)


def _remedy(case: Case, placement: Placement, model: str, nodes: NodeSet) -> str:
    share = f"{nodes.bit_count()} of {placement.nodes.all.bit_count()} nodes"
    return f"choose {model} ({share}) there, or as {cluster_setting(case.snapshot.kubevirt)}"


def _most_common(placement: Placement, models: list[tuple[str, NodeSet]]) -> str:
    total = placement.nodes.all.bit_count()
    common = ", ".join(f"{model} ({nodes.bit_count()} of {total} nodes)" for model, nodes in models[:SHOWN_MODELS])
    return f"Most common: {common}."


def _commands(case: Case, model: str) -> Iterator[Command]:
    if command := cluster_command(case.snapshot.kubevirt, model):
        yield Command(purpose="For the cluster", text=command)
    if vm := case.vmi.metadata.vm:
        yield Command(purpose="For this VM", text=vm_command(case.vmi.metadata.namespace, vm.name, model))

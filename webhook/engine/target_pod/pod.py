"""The pod that virt-controller is going to make on the target node: what kube-scheduler will judge.

Sources: KubeVirt `createTargetPod` in `pkg/virt-controller/watch/migration` and `renderLaunchManifest` in
`pkg/virt-controller/services/template.go`.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha1
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from webhook.engine.target_pod.demands import Demands, demands
from webhook.engine.target_pod.growth import growth
from webhook.engine.target_pod.rendering import has_vendor_selectors, rendered
from webhook.objects.amount import NOTHING, Amount
from webhook.objects.kubevirt import KubeVirt
from webhook.objects.labels import (
    CREATED_BY,
    FEATURE,
    HOSTNAME,
    ISTIO_INJECT,
    LAUNCHER,
    OBSOLETE_HOST_MODEL,
    RESERVATION,
    VENDOR,
    VM_NAME,
    VMI_ID,
)
from webhook.objects.node import Node
from webhook.objects.pod import Pod
from webhook.objects.scheduling import Affinity, PodTerm, Requirement, Scheduling, Selector, SpreadConstraint
from webhook.objects.vmi import VirtualMachineInstance

_LABEL_LIMIT: Final = 63


class TargetPod(Struct, frozen=True, kw_only=True):
    """The target pod as far as it matters where it can run; `demands` is what it asks of the node alone."""

    namespace: str
    labels: Mapping[str, str]
    node_selector: Mapping[str, str]
    affinity: Affinity
    demands: Demands
    spread: tuple[SpreadConstraint, ...]
    requests: Amount


def target_pod(
    vmi: VirtualMachineInstance,
    *,
    kubevirt: KubeVirt | None,
    source: Pod | None,
    node: Node | None,
    added_node_selector: Mapping[str, str],
    cpu_selectors: Mapping[str, str],
    reserved: Iterable[str] = (),
) -> TargetPod:
    """Foretell the target pod of a migration.

    `source` is the pod and `node` the node in which the virtual machine runs, None where they aren't known. `reserved`
    are the UIDs of the claims that it keeps for itself.
    """
    node_selector = {**added_node_selector, **rendered(vmi, kubevirt), **cpu_selectors}
    if has_vendor_selectors(kubevirt) and not any(key.startswith(VENDOR) for key in node_selector):
        node_selector |= {key: "true" for key, _ in (node.labels if node else ()) if key.startswith(VENDOR)}
    kept_apart = kubevirt is not None and kubevirt.is_at_least(1, 9)
    reservations = tuple(dict.fromkeys(RESERVATION + uid for uid in reserved)) if kept_apart else ()
    return admitted(
        namespace=vmi.metadata.namespace,
        labels={**_labels(vmi, kubevirt), **dict.fromkeys(reservations, "")},
        scheduling=Scheduling(
            node_selector=node_selector,
            affinity=_affinity(vmi, reservations),
            tolerations=vmi.scheduling.tolerations,
            spread=vmi.scheduling.spread,
        ),
        requests=_requests(vmi, kubevirt, source),
    )


def admitted(*, namespace: str, labels: Mapping[str, str], scheduling: Scheduling, requests: Amount) -> TargetPod:
    """Return the pod with these rules as the API server stores it and kube-scheduler judges it."""
    affinity = scheduling.affinity
    return TargetPod(
        namespace=namespace,
        labels=labels,
        node_selector=scheduling.node_selector,
        affinity=Affinity(
            node_terms=affinity.node_terms,
            pods=tuple(_resolved(term, labels) for term in affinity.pods),
            anti_pods=tuple(_resolved(term, labels) for term in affinity.anti_pods),
        ),
        demands=demands(tuple(scheduling.node_selector.items()), affinity.node_terms, scheduling.tolerations),
        spread=tuple(_with_own_labels(constraint, labels) for constraint in scheduling.spread),
        requests=requests,
    )


def _requests(vmi: VirtualMachineInstance, kubevirt: KubeVirt | None, source: Pod | None) -> Amount:
    if source is None:
        return Amount(memory=vmi.memory)
    plugged = vmi.status.plugged
    return source.requests + (growth(plugged, kubevirt, dedicated=vmi.hardware.dedicated_cpus) if plugged else NOTHING)


def _labels(vmi: VirtualMachineInstance, kubevirt: KubeVirt | None) -> Mapping[str, str]:
    name = vmi.metadata.name
    labels = {
        **vmi.metadata.labels,
        LAUNCHER[0]: LAUNCHER[1],
        CREATED_BY: vmi.metadata.uid,
        VM_NAME: vmi.hostname or name.split(".", maxsplit=1)[0][:_LABEL_LIMIT],
    }
    if not (kubevirt and kubevirt.is_at_least(1, 7)):
        return labels
    injected = vmi.metadata.annotations.get(ISTIO_INJECT)
    return labels | {VMI_ID: _id(name)} | ({} if injected is None else {ISTIO_INJECT: injected})


def _id(name: str) -> str:
    if len(name) <= _LABEL_LIMIT:
        return name
    return f"{name[: _LABEL_LIMIT - 9]}-{sha1(name.encode(), usedforsecurity=False).hexdigest()[:8]}"


def _affinity(vmi: VirtualMachineInstance, reservations: Iterable[str]) -> Affinity:
    """Return the virtual machine's own affinity with what KubeVirt adds.

    It is kept away from the source, from some CPUs, and from pods with the same reservations.
    """
    own = vmi.scheduling.affinity
    away = PodTerm(
        selector=Selector(requirements=(Requirement(key=CREATED_BY, values=(vmi.metadata.uid,)),)),
        topology_key=HOSTNAME,
    )
    partners = (
        PodTerm(selector=Selector(requirements=(Requirement(key=key, operator="Exists"),)), topology_key=HOSTNAME)
        for key in reservations
    )
    terms = _node_terms(own.node_terms, tuple(_rejected_labels(vmi)))
    return Affinity(node_terms=terms, pods=own.pods, anti_pods=(*own.anti_pods, *partners, away))


def _rejected_labels(vmi: VirtualMachineInstance) -> Iterable[str]:
    if vmi.hardware.cpu_model in {"", "host-model"}:
        yield OBSOLETE_HOST_MODEL
    yield from (FEATURE + feature.name for feature in vmi.hardware.cpu_features if feature.policy == "forbid")


def _node_terms(
    terms: tuple[tuple[Requirement, ...], ...] | None, rejected: tuple[str, ...]
) -> tuple[tuple[Requirement, ...], ...] | None:
    """Add to each alternative that the node has none of these labels."""
    without = tuple(Requirement(key=key, operator="DoesNotExist") for key in rejected)
    if not without:
        return terms
    return ((*without,),) if terms is None else tuple((*term, *without) for term in terms)


def _resolved(term: PodTerm, labels: Mapping[str, str]) -> PodTerm:
    """Turn keys whose values shall be like (or unlike) the pod's own into requirements, as the API server does."""
    if term.selector is None or not (term.match_label_keys or term.mismatch_label_keys):
        return term
    return replace(
        term,
        selector=Selector(
            requirements=(
                *term.selector.requirements,
                *_own_values(term.match_label_keys, "In", labels),
                *_own_values(term.mismatch_label_keys, "NotIn", labels),
            )
        ),
    )


def _with_own_labels(constraint: SpreadConstraint, labels: Mapping[str, str]) -> SpreadConstraint:
    if constraint.selector is None:
        return constraint
    own = tuple(_own_values(constraint.match_label_keys, "In", labels))
    return replace(constraint, selector=Selector(requirements=(*constraint.selector.requirements, *own)))


def _own_values(keys: Iterable[str], operator: str, labels: Mapping[str, str]) -> Iterable[Requirement]:
    return (Requirement(key=key, operator=operator, values=(labels[key],)) for key in keys if key in labels)

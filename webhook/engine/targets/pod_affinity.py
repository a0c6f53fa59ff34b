"""Pods that must be near, or must not be near.

Judged: the required terms of `podAffinity` and `podAntiAffinity` of the VMI, the one that KubeVirt adds (no two pods
of one virtual machine on a node), and the required anti-affinity of the pods that are there already.
Remedy: move the other virtual machine first, or change the rule.
Source: kube-scheduler's plugin InterPodAffinity.
Since: any Kubernetes that KubeVirt runs on.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from webhook.engine.target_pod.pod import TargetPod
from webhook.engine.targets.predicate import Refusal
from webhook.engine.wording import named
from webhook.objects.labels import CREATED_BY
from webhook.objects.pod import Pod
from webhook.objects.scheduling import PodTerm, Requirement, Selector
from webhook.state.nodes import NodeSet
from webhook.state.snapshot import Snapshot

ID: Final = "pod-affinity"
OWN_POD: Final = "still has a pod of this VM, from another migration"


def refusals(pod: TargetPod, snapshot: Snapshot) -> Iterator[Refusal]:
    """Refuse nodes for the pod's own affinity and anti-affinity, and for the anti-affinity of pods on them."""
    yield from _unmet_affinity(pod, snapshot)
    for term in pod.affinity.anti_pods:
        yield from _violated_anti_affinity(term, pod, snapshot)
    yield from _anti_affinity_of_others(pod, snapshot)


def namespaces(term: PodTerm, own: str, snapshot: Snapshot) -> frozenset[str] | None:
    """Return the namespaces that a term of a pod in the namespace `own` is about, None for all.

    An empty namespace selector means all. kube-scheduler 1.34 and 1.35 take negative ones (`stage notin (test)`)
    for empty too, against the API's own definition: that fault is not repeated here.
    """
    if term.namespace_selector is None:
        return frozenset(term.namespaces or (own,))
    if not term.namespace_selector.requirements:
        return None
    return frozenset((*term.namespaces, *snapshot.namespaces(term.namespace_selector)))


def _unmet_affinity(pod: TargetPod, snapshot: Snapshot) -> Iterator[Refusal]:
    terms = pod.affinity.pods
    if not terms:
        return
    matching = list(_matching_all(terms, pod, snapshot))
    near = [_near(matching, term, snapshot) for term in terms]
    first_of_its_group = not any(near) and _meets_its_own_terms(pod, snapshot)
    for term, nodes in zip(terms, near, strict=True):
        labelled = Requirement(key=term.topology_key, operator="Exists")
        accepted = snapshot.nodes.having(labelled) if first_of_its_group else nodes
        yield Refusal(predicate=ID, nodes=snapshot.nodes.all & ~accepted, reason=_far_reason(term))


def _matching_all(terms: tuple[PodTerm, ...], pod: TargetPod, snapshot: Snapshot) -> Iterator[Pod]:
    scopes = [namespaces(term, pod.namespace, snapshot) for term in terms]
    for other in snapshot.pods.selected(terms[0].selector, scopes[0]):
        namespace, labels = other.metadata.namespace, other.metadata.labels
        if all(_selects(term, scope, namespace, labels) for term, scope in zip(terms, scopes, strict=True)):
            yield other


def _meets_its_own_terms(pod: TargetPod, snapshot: Snapshot) -> bool:
    return all(
        _selects(term, namespaces(term, pod.namespace, snapshot), pod.namespace, pod.labels)
        for term in pod.affinity.pods
    )


def _selects(term: PodTerm, scope: frozenset[str] | None, namespace: str, labels: Mapping[str, str]) -> bool:
    return (scope is None or namespace in scope) and _matches(term.selector, labels)


def _violated_anti_affinity(term: PodTerm, pod: TargetPod, snapshot: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes near pods that the term selects, for a while only where such a pod is ending.

    Another pod of the same virtual machine comes from an earlier migration, or from one that goes on; KubeVirt itself
    refuses a second one meanwhile.
    """
    unwanted = snapshot.pods.selected(term.selector, namespaces(term, pod.namespace, snapshot))
    if not unwanted:
        return
    own = term.selector is not None and term.selector.value_of(CREATED_BY) == pod.labels.get(CREATED_BY, "")
    for temporary in (False, True):
        pods = [other for other in unwanted if (own or other.metadata.deleting) is temporary]
        if not pods:
            continue
        words = OWN_POD if own else f"is near a pod that the VM must not be near ({_described(term)})"
        reason = f"{words}, which is ending" if temporary and not own else words
        yield Refusal(predicate=ID, nodes=_near(pods, term, snapshot), reason=reason, temporary=temporary)


def _anti_affinity_of_others(pod: TargetPod, snapshot: Snapshot) -> Iterator[Refusal]:
    space = snapshot.namespace(pod.namespace)
    labels: Mapping[str, str] = space.labels if space else {}
    repelling: dict[tuple[object, ...], tuple[PodTerm, list[Pod]]] = {}
    for other in snapshot.pods.with_anti_affinity(pod.labels):
        for term in other.anti_affinity:
            # Equal terms of many pods are one object, as snapshots keep them.
            key = (id(term), other.metadata.namespace, other.metadata.deleting)
            repelling.setdefault(key, (term, []))[1].append(other)
    for term, others in repelling.values():
        first = others[0].metadata
        scope = term.namespaces or (() if term.namespace_selector else (first.namespace,))
        in_scope = pod.namespace in scope or _matches(term.namespace_selector, labels)
        if in_scope and _matches(term.selector, pod.labels):
            yield Refusal(
                predicate=ID,
                nodes=_near(others, term, snapshot),
                reason=_repelled_reason(others, term, pod.namespace),
                temporary=first.deleting,
            )


def _matches(selector: Selector | None, labels: Mapping[str, str]) -> bool:
    return selector is not None and selector.matches(labels)


def _near(pods: Iterable[Pod], term: PodTerm, snapshot: Snapshot) -> NodeSet:
    """Return the nodes in the same domains of a term as the pods."""
    return snapshot.nodes.domains(term.topology_key, {pod.node for pod in pods})


def _far_reason(term: PodTerm) -> str:
    return f"is near no pod that the VM must be near ({_described(term)})"


def _repelled_reason(others: list[Pod], term: PodTerm, namespace: str) -> str:
    """Name a pod only to those who may see it: who may write in its namespace."""
    by = named(term.topology_key)
    seen = [other for other in others if other.metadata.namespace == namespace]
    if not seen:
        return f"is near a pod of another namespace, which keeps the VM away (by {by})"
    name = named("/".join(seen[0].metadata.key))
    if len(others) == 1:
        return f"is near the pod {name}, which keeps the VM away (by {by})"
    return f"is near a pod such as {name}, which keeps the VM away (by {by})"


def _described(term: PodTerm) -> str:
    selected = " and ".join(map(str, term.selector.requirements)) if term.selector else "none"
    return f"{named(selected) or 'any'}, by {named(term.topology_key)}"

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
from webhook.objects.scheduling import PodTerm, Selector
from webhook.state.nodes import NodeSet
from webhook.state.snapshot import Snapshot

ID: Final = "pod-affinity"
OWN_POD: Final = "still has a pod of this VM, from another migration"


def refusals(pod: TargetPod, cluster: Snapshot) -> Iterator[Refusal]:
    """Refuse nodes for what the pod wants of others, and for what others want of it."""
    yield from _away_from_the_wanted(pod, cluster)
    for term in pod.affinity.anti_pods:
        yield from _near_the_unwanted(term, pod, cluster)
    yield from _near_those_who_refuse(pod, cluster)


def namespaces(term: PodTerm, own: str, cluster: Snapshot) -> frozenset[str] | None:
    """Return the namespaces that a term of a pod in the namespace `own` is about, None for all.

    An empty namespace selector means all. kube-scheduler 1.34 and 1.35 take negative ones (`stage notin (test)`)
    for empty too, against the API's own definition: that fault is not repeated here.
    """
    if term.namespace_selector is None:
        return frozenset(term.namespaces or (own,))
    if not term.namespace_selector.requirements:
        return None
    return frozenset((*term.namespaces, *cluster.namespaces(term.namespace_selector)))


def _away_from_the_wanted(pod: TargetPod, cluster: Snapshot) -> Iterator[Refusal]:
    terms = pod.affinity.pods
    if not terms:
        return
    wanted = list(_matching_all(terms, pod, cluster))
    near = [_near(wanted, term, cluster) for term in terms]
    first_of_its_kind = not any(near) and _wants_itself(pod, cluster)
    for term, nodes in zip(terms, near, strict=True):
        in_a_domain = _union(cluster.nodes.values(term.topology_key))
        accepted = in_a_domain if first_of_its_kind else nodes
        yield Refusal(predicate=ID, nodes=cluster.nodes.all & ~accepted, reason=_far_from_wanted(term))


def _matching_all(terms: tuple[PodTerm, ...], pod: TargetPod, cluster: Snapshot) -> Iterator[Pod]:
    scopes = [namespaces(term, pod.namespace, cluster) for term in terms]
    for other in cluster.pods.selected(terms[0].selector, scopes[0]):
        namespace, labels = other.metadata.namespace, other.metadata.labels
        if all(_selects(term, scope, namespace, labels) for term, scope in zip(terms, scopes, strict=True)):
            yield other


def _wants_itself(pod: TargetPod, cluster: Snapshot) -> bool:
    return all(
        _selects(term, namespaces(term, pod.namespace, cluster), pod.namespace, pod.labels)
        for term in pod.affinity.pods
    )


def _selects(term: PodTerm, scope: frozenset[str] | None, namespace: str, labels: Mapping[str, str]) -> bool:
    return (scope is None or namespace in scope) and _matches(term.selector, labels)


def _near_the_unwanted(term: PodTerm, pod: TargetPod, cluster: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes near pods that the term keeps away from; those that are ending are in the way for a while.

    Another pod of the same virtual machine is what an earlier migration leaves behind, or what one makes that goes on:
    KubeVirt itself refuses a second one meanwhile.
    """
    unwanted = cluster.pods.selected(term.selector, namespaces(term, pod.namespace, cluster))
    if not unwanted:
        return
    own = term.selector is not None and term.selector.value_of(CREATED_BY) == pod.labels.get(CREATED_BY, "")
    for passing in (False, True):
        pods = [other for other in unwanted if (own or other.metadata.deleting) is passing]
        if not pods:
            continue
        words = OWN_POD if own else f"is near a pod that the VM must not be near ({_said(term)})"
        reason = f"{words}, which is ending" if passing and not own else words
        yield Refusal(predicate=ID, nodes=_near(pods, term, cluster), reason=reason, passing=passing)


def _near_those_who_refuse(pod: TargetPod, cluster: Snapshot) -> Iterator[Refusal]:
    space = cluster.namespace(pod.namespace)
    labels: Mapping[str, str] = space.labels if space else {}
    for other in cluster.pods.repelling(pod.labels):
        for term in other.anti_affinity:
            scope = term.namespaces or (() if term.namespace_selector else (other.metadata.namespace,))
            in_scope = pod.namespace in scope or _matches(term.namespace_selector, labels)
            if in_scope and _matches(term.selector, pod.labels):
                yield Refusal(
                    predicate=ID,
                    nodes=_near([other], term, cluster),
                    reason=_near_refusing(other, term),
                    passing=other.metadata.deleting,
                )


def _matches(selector: Selector | None, labels: Mapping[str, str]) -> bool:
    return selector is not None and selector.matches(labels)


def _near(pods: Iterable[Pod], term: PodTerm, cluster: Snapshot) -> NodeSet:
    """Return the nodes in the same domains of a term as the pods."""
    return _union({pod.node: cluster.nodes.domain(term.topology_key, pod.node) for pod in pods})


def _union(sets: Mapping[object, NodeSet]) -> NodeSet:
    nodes = 0
    for some in sets.values():
        nodes |= some
    return nodes


def _far_from_wanted(term: PodTerm) -> str:
    return f"is near no pod that the VM must be near ({_said(term)})"


def _near_refusing(other: Pod, term: PodTerm) -> str:
    name = named("/".join(other.metadata.key))
    return f"is near the pod {name}, which keeps the VM away (by {named(term.topology_key)})"


def _said(term: PodTerm) -> str:
    selected = " and ".join(map(str, term.selector.requirements)) if term.selector else "none"
    return f"{named(selected) or 'any'}, by {named(term.topology_key)}"

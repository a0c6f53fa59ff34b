"""All target predicates applied to one target pod, in the order in which a node's reasons are reported."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from webhook.engine.target_pod.demands import Demands
from webhook.engine.target_pod.pod import TargetPod
from webhook.engine.targets import BY_LABEL, BY_NODE, BY_OTHER_LABELS, BY_PODS
from webhook.engine.targets.predicate import LabelPredicate, Refusal
from webhook.objects.scheduling import Requirement
from webhook.state.snapshot import Snapshot


def refusals(pod: TargetPod, snapshot: Snapshot) -> tuple[Refusal, ...]:
    """Return the refusals of a target pod; those by its demands alone are computed once for all pods with the same."""
    by_pods = (refusal for predicate in BY_PODS for refusal in predicate.refusals(pod, snapshot))
    return (
        *snapshot.cached(pod.demands, lambda: tuple(_of_some_nodes(_by_demands(pod.demands, snapshot)))),
        *_of_some_nodes(by_pods),
    )


def _by_demands(demands: Demands, snapshot: Snapshot) -> Iterator[Refusal]:
    for by_node in BY_NODE:
        yield from by_node.refusals(demands, snapshot)
    owned: dict[str, list[Requirement]] = defaultdict(list)
    for requirement in (*demands.selected, *demands.required):
        owned[_owner(requirement)].append(requirement)
    for by_label in BY_LABEL:
        yield from _by_label(by_label, owned[by_label.ID], snapshot)
    others = replace(demands, selected=_unowned(demands.selected), required=_unowned(demands.required))
    for by_other_labels in BY_OTHER_LABELS:
        yield from by_other_labels.refusals(others, snapshot)


def _by_label(predicate: LabelPredicate, requirements: Iterable[Requirement], snapshot: Snapshot) -> Iterator[Refusal]:
    for requirement in requirements:
        nodes = snapshot.nodes.lacking(requirement)
        yield Refusal(predicate=predicate.ID, nodes=nodes, reason=predicate.reason(requirement))


def _owner(requirement: Requirement) -> str:
    """Return the label predicate that a requirement belongs to, "" for none."""
    return next((predicate.ID for predicate in BY_LABEL if _owns(predicate, requirement.key)), "")


def _owns(predicate: LabelPredicate, key: str) -> bool:
    return any(key.startswith(own) if own.endswith(("/", "-")) else key == own for own in predicate.LABELS)


def _unowned(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    return tuple(requirement for requirement in requirements if not _owner(requirement))


def _of_some_nodes(refusals: Iterable[Refusal]) -> Iterator[Refusal]:
    return (refusal for refusal in refusals if refusal.nodes)

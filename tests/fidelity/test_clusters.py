"""Random clusters are worth judging: valid, reproducible, and every kind of rule decides in some of them."""

import json

import pytest

from fidelity.clusters import random_case
from fidelity.coverage import accepting, deciding, rejecting
from fidelity.judges import SchedulerJudge
from fidelity.shrinking import Path, shrink, without

DECIDING = frozenset(
    {
        "namespaces",
        "nodes taints NoExecute",
        "nodes taints NoSchedule",
        "nodes unschedulable",
        *(
            f"pod nodeAffinity nodeSelectorTerms matchExpressions {operator}"
            for operator in ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
        ),
        "pod nodeAffinity nodeSelectorTerms matchFields In",
        "pod nodeAffinity nodeSelectorTerms matchFields NotIn",
        "pod nodeSelector",
        *(
            f"pod {kind} labelSelector matchExpressions DoesNotExist"
            for kind in ("podAffinity", "podAntiAffinity", "topologySpreadConstraints")
        ),
        "pod podAffinity namespaces",
        "pod podAntiAffinity matchLabelKeys",
        "pod podAntiAffinity namespaceSelector",
        "pod podAntiAffinity namespaces",
        "pod tolerations Equal NoSchedule",
        "pod tolerations Exists",
        "pod tolerations Exists NoExecute",
        "pod topologySpreadConstraints DoNotSchedule",
        "pod topologySpreadConstraints minDomains",
        "pod topologySpreadConstraints nodeAffinityPolicy Ignore",
        "pod topologySpreadConstraints nodeTaintsPolicy Honor",
        "pods deletionTimestamp",
        "pods podAntiAffinity labelSelector matchLabels",
        "pods podAntiAffinity namespaceSelector",
        "pods podAntiAffinity namespaces",
        "pods podAntiAffinity topologyKey",
    }
)
"""Kinds of parts that must decide; `python -m fidelity.coverage` counts all of them in more cases."""


SMALL = 20
"""Nodes of a case in which the parts are quickly dropped one after the other."""


def test_a_seed_always_makes_the_same_case() -> None:
    assert random_case(7) == random_case(7)
    assert random_case(7) != random_case(8)


def test_cases_have_two_to_sixty_nodes() -> None:
    numbers = {len(random_case(seed)["nodes"]) for seed in range(1000)}
    assert (min(numbers), max(numbers)) == (2, 60)


def test_the_scheduler_often_accepts_many_nodes_some_or_none(scheduler: SchedulerJudge) -> None:
    # Each case is also one that the API server would store: the judge refuses others.
    verdicts = scheduler.judge(random_case(seed) for seed in range(1_500))
    assert {name: count >= 40 for name, count in accepting(verdicts).items()} == {
        "no node": True,
        "some nodes": True,
        "all": True,
    }
    assert {plugin: count >= 50 for plugin, count in rejecting(verdicts).items()} == {
        "InterPodAffinity": True,
        "NodeAffinity": True,
        "NodeResourcesFit": True,
        "NodeUnschedulable": True,
        "PodTopologySpread": True,
        "TaintToleration": True,
    }


def test_every_kind_of_rule_decides_in_some_case(scheduler: SchedulerJudge) -> None:
    small = [seed for seed in range(500) if len(random_case(seed)["nodes"]) <= SMALL]
    assert frozenset() == DECIDING - deciding(small, scheduler).keys()


def test_a_case_is_shrunk_to_what_the_disagreement_needs() -> None:
    case = random_case(3)
    before = json.dumps(case)
    node = case["nodes"][1]["metadata"]["name"]

    def disagrees(smaller: dict[str, list[dict[str, dict[str, object]]]]) -> bool:
        return any(some["metadata"]["name"] == node for some in smaller["nodes"])

    small = shrink(case, disagrees)
    assert small["nodes"] == [{"metadata": {"name": node}, "spec": {}, "status": {}}]
    assert (small["pods"], small["namespaces"]) == ([], [])
    assert small["pod"]["spec"] == {"containers": []}
    assert json.dumps(case) == before


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param(("nodes", 0), {"id": 1, "nodes": [{"spec": {"x": 1}}]}, id="an element"),
        pytest.param(("nodes", 1, "spec", "x"), {"id": 1, "nodes": [{}, {"spec": {}}]}, id="a field"),
    ],
)
def test_a_part_is_dropped_and_the_case_stays_as_it_was(path: Path, expected: object) -> None:
    case = {"id": 1, "nodes": [{}, {"spec": {"x": 1}}]}
    assert without(case, path) == expected
    assert case == {"id": 1, "nodes": [{}, {"spec": {"x": 1}}]}

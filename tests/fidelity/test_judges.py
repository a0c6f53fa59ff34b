"""The judges themselves, on stories whose outcome is known from a real control plane."""

from typing import Any

import pytest

from fidelity.judges import JudgeError, Rejection, SchedulerJudge, Verdict
from fidelity.selectors import Json

SKYLAKE = "cpu-model-migration.node.kubevirt.io/Skylake-Server-IBRS"
CREATED_BY = "kubevirt.io/created-by"
HOSTNAME = "kubernetes.io/hostname"
CONTAINERS = [{"name": "compute", "image": "launcher"}]
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def node(name: str, *, labels: Json | None = None, spec: Json | None = None, cpu: str = "8") -> Json:
    return {
        "metadata": {"name": name, "labels": {HOSTNAME: name, **(labels or {})}},
        "spec": spec or {},
        "status": {"allocatable": {"cpu": cpu, "memory": "32Gi", "pods": "110"}},
    }


def pod(name: str = "target", *, labels: Json | None = None, **spec: Any) -> Json:
    return {
        "metadata": {"name": name, "namespace": "default", "labels": labels or {}},
        "spec": {"containers": CONTAINERS, **spec},
    }


def case(target: Json, nodes: list[Json], pods: list[Json] | None = None) -> Json:
    return {"id": 1, "pod": target, "nodes": nodes, "pods": pods or [], "namespaces": []}


def apart_from(labels: Json) -> Json:
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": HOSTNAME}
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def test_a_host_model_vm_goes_to_the_other_node_with_its_cpu(scheduler: SchedulerJudge) -> None:
    target = pod(nodeSelector={SKYLAKE: "true"}, affinity=apart_from({CREATED_BY: "uid"}))
    nodes = [node("node-a", labels={SKYLAKE: "true"}), node("node-b", labels={SKYLAKE: "true"}), node("node-c")]
    source = pod("source", labels={CREATED_BY: "uid"}, nodeName="node-a")
    [verdict] = scheduler.judge([case(target, nodes, [source])])
    assert verdict == Verdict(
        accepted=frozenset({"node-b"}),
        rejected={
            "node-a": Rejection(plugin="InterPodAffinity", message="node(s) didn't match pod anti-affinity rules"),
            "node-c": Rejection(plugin="NodeAffinity", message="node(s) didn't match Pod's node affinity/selector"),
        },
    )


def test_finished_pods_and_pods_on_unknown_nodes_do_not_count(scheduler: SchedulerJudge) -> None:
    target = pod(affinity=apart_from({"app": "db"}))
    finished = {**pod("old", labels={"app": "db"}, nodeName="node-a"), "status": {"phase": "Succeeded"}}
    elsewhere = pod("lost", labels={"app": "db"}, nodeName="node-z")
    waiting = pod("new", labels={"app": "db"})
    [verdict] = scheduler.judge([case(target, [node("node-a")], [finished, elsewhere, waiting])])
    assert verdict == Verdict(accepted=frozenset({"node-a"}), rejected={})


def test_terms_that_name_their_nodes_reject_all_others(scheduler: SchedulerJudge) -> None:
    field = {"key": "metadata.name", "operator": "In", "values": ["node-b"]}
    terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    target = pod(affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}})
    [verdict] = scheduler.judge([case(target, [node("node-a"), node("node-b")])])
    assert verdict == Verdict(
        accepted=frozenset({"node-b"}),
        rejected={
            "node-a": Rejection(plugin="NodeAffinity", message="node(s) didn't satisfy plugin(s) [NodeAffinity]")
        },
    )


def test_terms_that_name_two_nodes_at_once_reject_every_node(scheduler: SchedulerJudge) -> None:
    fields = [{"key": "metadata.name", "operator": "In", "values": [name]} for name in ("node-a", "node-b")]
    terms = {"nodeSelectorTerms": [{"matchFields": fields}]}
    target = pod(affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}})
    [verdict] = scheduler.judge([case(target, [node("node-a"), node("node-b")])])
    assert verdict.accepted == frozenset()
    assert {reason.plugin for reason in verdict.rejected.values()} == {"NodeAffinity"}


def test_every_pod_stays_a_while_on_a_node_that_is_not_ready(scheduler: SchedulerJudge) -> None:
    key = "node.kubernetes.io/not-ready"
    nodes = [node(effect.lower(), spec={"taints": [{"key": key, "effect": effect}]}) for effect in EFFECTS]
    [verdict] = scheduler.judge([case(pod(), nodes)])
    assert verdict.accepted == {"noexecute", "prefernoschedule"}


def test_keys_to_match_become_the_pods_own_values(scheduler: SchedulerJudge) -> None:
    term = {"labelSelector": {"matchLabels": {"app": "db"}}, "matchLabelKeys": ["track"], "topologyKey": HOSTNAME}
    affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    target = pod(labels={"track": "blue"}, affinity=affinity)
    others = [pod(track, labels={"app": "db", "track": track}, nodeName=track) for track in ("blue", "green")]
    [verdict] = scheduler.judge([case(target, [node("blue"), node("green")], others)])
    assert verdict.accepted == {"green"}


def test_negative_namespace_selectors_are_still_misjudged(scheduler: SchedulerJudge) -> None:
    # kubernetes/kubernetes#141526. Once this fails: make random clusters with all operators (selectors.pod_term).
    excluded = {"key": "stage", "operator": "NotIn", "values": ["test"]}
    term = {
        "labelSelector": {"matchLabels": {"app": "db"}},
        "namespaceSelector": {"matchExpressions": [excluded]},
        "topologyKey": HOSTNAME,
    }
    target = pod(affinity={"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}})
    other = pod("other", labels={"app": "db"}, nodeName="node-a")
    namespaces = [{"metadata": {"name": "default", "labels": {"stage": "test"}}}]
    [verdict] = scheduler.judge([{**case(target, [node("node-a")], [other]), "namespaces": namespaces}])
    assert verdict.accepted == frozenset()


def test_a_plugin_judges_unless_it_is_left_out(scheduler: SchedulerJudge) -> None:
    large = [{**CONTAINERS[0], "resources": {"requests": {"cpu": "4"}}}]
    question = case({**pod(), "spec": {"containers": large}}, [node("small", cpu="2"), node("large")])
    assert [verdict.accepted for verdict in scheduler.judge([question])] == [{"large"}]
    with SchedulerJudge(without=("NodeResourcesFit",)) as lenient:
        assert [verdict.accepted for verdict in lenient.judge([question])] == [{"small", "large"}]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        pytest.param(
            pod(tolerations=[{"operator": "Equal"}]),
            '1: spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, '
            'which means "match all values and all keys"',
            id="a pod that the API server would refuse",
        ),
        pytest.param(pod(nodeSelectors={}), '1: json: unknown field "nodeSelectors"', id="an unknown field"),
        pytest.param(None, "1: there is no pod", id="no pod"),
    ],
)
def test_a_wrong_question_is_an_error_and_the_next_one_is_answered(
    scheduler: SchedulerJudge, target: Json, message: str
) -> None:
    with pytest.raises(JudgeError) as refusal:
        scheduler.judge([case(target, [node("node-a")])])
    assert str(refusal.value) == message
    assert scheduler.judge([case(pod(), [node("node-a")])])[0].accepted == {"node-a"}


def test_a_thousand_answers_come_in_the_order_of_the_questions(scheduler: SchedulerJudge) -> None:
    names = [f"node-{number}" for number in range(1000)]
    verdicts = scheduler.judge(case(pod(), [node(name)]) for name in names)
    assert [verdict.accepted for verdict in verdicts] == [{name} for name in names]


def test_a_judge_that_was_killed_is_an_error() -> None:
    with SchedulerJudge() as judge:
        judge._process.kill()
        with pytest.raises(JudgeError, match="ended with -9"):
            judge.judge([case(pod(), [])])

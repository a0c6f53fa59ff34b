"""What a pod asks for is counted as kube-scheduler counts it."""

from decimal import Decimal
from typing import Any

import pytest

from fidelity.judges import SchedulerJudge
from fidelity.recorded import recorded
from fidelity.requests import requested
from fidelity.selectors import Json


def container(name: str, *, cpu: str, kind: str = "requests") -> Json:
    return {"name": name, "image": "launcher", "resources": {kind: {"cpu": cpu}}}


def sidecar(name: str, *, cpu: str) -> Json:
    return {**container(name, cpu=cpu), "restartPolicy": "Always"}


def pod(*containers: Json, starting: tuple[Json, ...] = (), **more: Any) -> Json:
    spec = {"containers": list(containers), "initContainers": list(starting), **more}
    return {"metadata": {"name": "target", "namespace": "default"}, "spec": spec}


PODS = {
    "containers": pod(container("a", cpu="1"), container("b", cpu="500m")),
    "a limit": pod(container("a", cpu="2", kind="limits")),
    "a large start": pod(container("a", cpu="1"), starting=(container("b", cpu="3"),)),
    "a sidecar": pod(container("a", cpu="1"), starting=(sidecar("b", cpu="3"),)),
    "a start beside a sidecar": pod(container("a", cpu="1"), starting=(sidecar("b", cpu="1"), container("c", cpu="3"))),
    "a start before a sidecar": pod(container("a", cpu="1"), starting=(container("c", cpu="3"), sidecar("b", cpu="1"))),
}


def node(name: str, room: dict[str, Decimal]) -> Json:
    allocatable = {resource: str(amount) for resource, amount in room.items()} | {"pods": "9"}
    return {"metadata": {"name": name}, "spec": {}, "status": {"allocatable": allocatable}}


@pytest.mark.parametrize("question", PODS.values(), ids=PODS)
def test_a_node_with_just_that_much_takes_the_pod_and_one_with_less_does_not(question: Json) -> None:
    asked = dict(requested(question))
    nodes = [node("exact", asked), node("less", {"cpu": asked["cpu"] - Decimal("0.001")})]
    with SchedulerJudge() as scheduler:
        [verdict] = scheduler.judge([{"id": 1, "pod": question, "nodes": nodes, "pods": [], "namespaces": []}])
    assert verdict.accepted == {"exact"}


def test_launcher_pods_are_counted_so_too() -> None:
    with SchedulerJudge() as scheduler:
        for case in recorded("v1.7.0")[:20]:
            pod = case.answer["pod"]
            containers = [{**one, "image": "launcher"} for one in pod["spec"]["containers"]]
            starting = [{**one, "image": "launcher"} for one in pod["spec"].get("initContainers", ())]
            question = {
                "metadata": PODS["a limit"]["metadata"],
                "spec": {"containers": containers, "initContainers": starting},
            }
            asked = dict(requested(pod))
            less = {**asked, "memory": asked["memory"] - 1}
            [verdict] = scheduler.judge(
                [
                    {
                        "id": 1,
                        "pod": question,
                        "nodes": [node("exact", asked), node("less", less)],
                        "pods": [],
                        "namespaces": [],
                    }
                ]
            )
            assert verdict.accepted == {"exact"}

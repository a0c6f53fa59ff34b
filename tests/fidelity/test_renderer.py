"""The pod that we foretell is the one that KubeVirt's template service makes."""

from typing import Any

from fidelity.judges import Json, Renderer
from fidelity.machines import random_machine
from webhook.engine.target_pod.pod import TargetPod, admitted, target_pod
from webhook.objects.amount import NOTHING
from webhook.objects.fields import Fields
from webhook.objects.kubevirt import read_kubevirt
from webhook.objects.labels import CREATED_BY
from webhook.objects.scheduling import read_scheduling
from webhook.objects.vmi import read_vmi


def foretold(question: Json) -> Any:
    """Return what we foretell of a virtual machine's pods, before a migration adds to it."""
    vmi = read_vmi(Fields(question["vmi"]))
    kubevirt = read_kubevirt(Fields(question["kubevirt"]))
    pod = target_pod(vmi, kubevirt=kubevirt, source=None, node=None, added_node_selector={}, cpu_selectors={})
    assert pod.affinity.anti_pods[-1].selector is not None
    assert pod.affinity.anti_pods[-1].selector.pairs == {(CREATED_BY, vmi.metadata.uid)}
    return comparable(pod) | {"kept away from": pod.affinity.anti_pods[:-1]}


def made(question: Json, pod: Json) -> Any:
    """Return the same of the pod that KubeVirt makes."""
    scheduling = read_scheduling(Fields(pod))
    namespace = question["vmi"]["metadata"]["namespace"]
    judged = admitted(namespace=namespace, labels=pod["labels"], scheduling=scheduling, requests=NOTHING)
    return comparable(judged)


def comparable(pod: TargetPod) -> dict[str, Any]:
    """Return a pod's rules in a form in which equal ones are equal: expressions have no order."""
    terms = pod.affinity.node_terms
    return {
        "labels": dict(pod.labels),
        "node selector": dict(pod.node_selector),
        "node terms": None if terms is None else [sorted(map(repr, term)) for term in terms],
        "near": pod.affinity.pods,
        "kept away from": pod.affinity.anti_pods,
        "tolerations": pod.demands.tolerations,
        "spread": pod.spread,
    }


def test_kubevirt_makes_the_pods_that_are_foretold_for_three_hundred_virtual_machines(renderer: Renderer) -> None:
    questions = [random_machine(seed) for seed in range(300)]
    differences = {
        question["id"]: (ours, theirs)
        for question, pod in zip(questions, renderer.render(questions), strict=True)
        if (ours := foretold(question)) != (theirs := made(question, pod))
    }
    assert differences == {}

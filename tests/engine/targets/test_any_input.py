"""Whatever nodes, pods and VMIs look like, there is an answer."""

from typing import Any

import pytest
from hypothesis import given

from testbed.bending import bent
from testbed.builders import a_cluster, a_launcher, a_node, a_spec, a_vmi, a_vmi_document
from webhook.engine.assessment import assess
from webhook.engine.policy import Policy
from webhook.objects.fields import Fields
from webhook.objects.vmi import read_vmi
from webhook.state.snapshot import snapshot_of

TERM = {
    "labelSelector": {
        "matchLabels": {"app": "x"},
        "matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}],
    },
    "topologyKey": "kubernetes.io/hostname",
    "namespaces": ["default"],
    "namespaceSelector": {"matchLabels": {"team": "a"}},
    "matchLabelKeys": ["app"],
}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
RULES: dict[str, Any] = {
    "nodeSelector": {"disk": "ssd"},
    "affinity": {
        "nodeAffinity": {
            REQUIRED: {
                "nodeSelectorTerms": [
                    {
                        "matchExpressions": [{"key": "rank", "operator": "Gt", "values": ["3"]}],
                        "matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["node-z"]}],
                    }
                ]
            }
        },
        "podAffinity": {REQUIRED: [TERM]},
        "podAntiAffinity": {REQUIRED: [TERM]},
    },
    "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "topologySpreadConstraints": [
        {
            "topologyKey": "zone",
            "maxSkew": 1,
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": TERM["labelSelector"],
        }
    ],
}
VMI = a_vmi_document(
    a_spec(
        **RULES,
        architecture="amd64",
        domain={"cpu": {"model": "host-model", "features": [{"name": "vmx", "policy": "require"}]}},
    ),
    status={"machine": {"type": "q35"}, "topologyHints": {"tscFrequency": 1}},
    uid="u-web",
    labels={"app": "x"},
)
NODE = a_node(
    "node-b",
    {"disk": "ssd", "rank": "4", "zone": "1"},
    taints=[{"key": "gpu", "effect": "NoSchedule"}],
    status={"allocatable": {"cpu": "4", "memory": "8Gi"}, "conditions": [{"type": "Ready", "status": "True"}]},
)
POD = a_launcher(
    "node-b",
    labels={"app": "x", "a": "b"},
    spec={**RULES, "containers": [{"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]},
)
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "labels": {"team": "a"}}}


@given(vmi=bent(VMI), node=bent(NODE), pod=bent(POD), namespace=bent(NAMESPACE))
def test_there_is_always_an_answer(vmi: Any, node: Any, pod: Any, namespace: Any) -> None:
    cluster = snapshot_of([a_node("node-a"), a_launcher(), node, pod, namespace])
    assessment = assess(read_vmi(Fields(vmi)), cluster, Policy())
    for violation in assessment.violations:
        assert violation.message.isprintable()
        assert len(violation.message) < 4000


@pytest.mark.parametrize("value", ["", "false", "TRUE", "yes"])
def test_only_the_exact_value_of_a_label_counts(value: str) -> None:
    assessment = assess(
        a_vmi(), a_cluster(a_node("node-a"), a_node("node-b", {"kubevirt.io/schedulable": value})), Policy()
    )
    assert [r.predicate for r in assessment.reasons("node-b")] == ["virt-not-schedulable"]


def test_two_hundred_selectors_are_all_judged_and_the_words_stay_short() -> None:
    many = {f"key-{n:03}": "x" for n in range(200)}
    vmi = a_vmi(a_spec(nodeSelector=many), uid="u-web")
    nodes = (a_node("node-a"), a_node("node-b", many), a_node("node-c"))
    assert assess(vmi, a_cluster(*nodes), Policy()).eligible == ("node-b",)
    [violation] = assess(vmi, a_cluster(nodes[0], nodes[2]), Policy()).violations
    assert violation.problem == (
        "no other node can take the VM:"
        " node-c: has no label key-000=x, has no label key-001=x, has no label key-002=x and 197 more"
    )


def test_an_expression_that_cannot_be_read_keeps_no_node_away() -> None:
    expression = {"key": "rank", "operator": "Near", "values": ["3"]}
    rule = {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}}
    vmi = a_vmi(a_spec(affinity=rule), uid="u-web")
    assert assess(vmi, a_cluster(a_node("node-a"), a_node("node-b")), Policy()).eligible == ("node-b",)
    [note] = vmi.misread
    assert note == (
        f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[0].operator"
        " is none of DoesNotExist, Exists, Gt, In, Lt, NotIn"
    )

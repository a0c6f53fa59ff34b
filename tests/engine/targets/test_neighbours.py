"""The pods that a denial rests on: those that the VM's own rules are about, and no others."""

from typing import Any

import pytest

from testbed.builders import a_cluster, a_launcher, a_node, a_spec, a_vmi
from webhook.engine.assessment import assess
from webhook.engine.policy import Policy

TOPOLOGY = "kubernetes.io/hostname"
NOWHERE = {"nodeSelector": {"disk": "none-has-it"}}


@pytest.mark.parametrize(
    ("term", "read"),
    [
        pytest.param(
            {"labelSelector": {"matchLabels": {"app": "db"}}}, {("default", ("app", "db"))}, id="own namespace"
        ),
        pytest.param(
            {"labelSelector": {"matchLabels": {"app": "db"}}, "namespaceSelector": {}}, {("", ("app", "db"))}, id="all"
        ),
        pytest.param(
            {"labelSelector": {"matchLabels": {"app": "db"}}, "namespaceSelector": {"matchLabels": {"no": "one"}}},
            set(),
            id="no namespace has the labels",
        ),
        pytest.param({}, set(), id="no selector is about no pod"),
    ],
)
def test_only_pods_that_a_rule_is_about_are_read(term: dict[str, Any], read: set[Any]) -> None:
    rule = {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": TOPOLOGY, **term}]}
    vmi = a_vmi(a_spec(affinity={"podAntiAffinity": rule}, **NOWHERE), uid="u-web")

    assessment = assess(vmi, a_cluster(a_node("node-a"), a_node("node-b"), a_launcher()), Policy())

    pods = [reference for reference in assessment.rests_on if reference.kind == "Pod"]
    others = {(r.namespace, *r.labels) for r in pods if "kubevirt.io/created-by" not in dict(r.labels)}
    assert others == read

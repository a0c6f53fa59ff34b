"""The predicates that look at the pods on the nodes: near, not near, and spread."""

from collections.abc import Mapping
from typing import Any

import pytest

from testbed.builders import a_launcher, a_node, a_pod
from tests.engine.targets.placing import affinity, expression, placed, reasons


def pod_rule(kind: str, topology: str = "kubernetes.io/hostname", **term: Any) -> Any:
    """Return a pod affinity or anti-affinity with one term."""
    term = {"labelSelector": {"matchLabels": {"app": "db"}}, "topologyKey": topology, **term}
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        pytest.param("node-b", ["node-c"], id="on the node"),
        pytest.param("", ["node-b", "node-c"], id="nowhere yet"),
    ],
)
def test_the_vm_stays_away_from_pods_that_it_must_not_be_near(where: str, expected: list[str]) -> None:
    placement = placed(
        a_node("node-b"),
        a_node("node-c"),
        a_pod("db", where, labels={"app": "db"}),
        spec=pod_rule("podAntiAffinity"),
    )
    assert list(placement.nodes.names(placement.eligible)) == expected


def test_a_pod_that_has_ended_is_near_nobody() -> None:
    pods = [a_pod(phase, "node-b", labels={"app": "db"}, phase=phase) for phase in ("Succeeded", "Failed")]
    assert reasons(placed(a_node("node-b"), *pods, spec=pod_rule("podAntiAffinity"))) == []


def test_pods_that_must_not_be_near_are_named_by_their_labels() -> None:
    placement = placed(a_node("node-b"), a_pod("db", "node-b", labels={"app": "db"}), spec=pod_rule("podAntiAffinity"))
    assert reasons(placement) == [
        ("pod-affinity", "is near a pod that the VM must not be near (app=db, by kubernetes.io/hostname)")
    ]


def test_the_vm_needs_a_pod_that_it_must_be_near() -> None:
    zones = [a_node("node-b", {"zone": "1"}), a_node("node-c", {"zone": "1"}), a_node("node-d", {"zone": "2"})]
    placement = placed(
        *zones, a_pod("db", "node-c", labels={"app": "db"}), spec=pod_rule("podAffinity", topology="zone")
    )
    assert placement.nodes.names(placement.eligible) == ("node-b", "node-c")
    assert reasons(placement, "node-d") == [
        ("pod-affinity", "is near no pod that the VM must be near (app=db, by zone)")
    ]


def test_the_first_of_its_kind_needs_no_other_near() -> None:
    rule = pod_rule("podAffinity", topology="zone")
    nodes = (a_node("node-b", {"zone": "1"}), a_node("node-c"))
    alone = placed(*nodes, spec=rule, labels={"app": "db"})
    assert alone.nodes.names(alone.eligible) == ("node-b",)
    stranger = placed(*nodes, spec=rule)
    assert not stranger.eligible


@pytest.mark.parametrize(
    ("term", "refused"),
    [
        pytest.param({}, False, id="its own namespace"),
        pytest.param({"namespaces": ["default"]}, True, id="by name"),
        pytest.param({"namespaceSelector": {"matchLabels": {"team": "web"}}}, True, id="by label"),
        pytest.param({"namespaceSelector": {}}, True, id="all"),
        pytest.param({"namespaceSelector": {"matchLabels": {"team": "db"}}}, False, id="by another label"),
        pytest.param(
            {"namespaces": ["default"], "labelSelector": {"matchLabels": {"app": "shop"}}}, False, id="another pod"
        ),
        pytest.param({"namespaces": ["default"], "labelSelector": None}, False, id="no pod"),
        pytest.param({"namespaces": ["default"], "topologyKey": "zone"}, False, id="no such domain"),
    ],
)
def test_pods_of_others_may_keep_the_vm_away(term: Mapping[str, Any], refused: bool) -> None:  # noqa: FBT001
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "default", "labels": {"team": "web"}},
    }
    selector = {"labelSelector": {"matchLabels": {"app": "web"}}}
    lonely = a_pod("lonely", "node-b", namespace="other", spec=pod_rule("podAntiAffinity", **{**selector, **term}))
    words = "is near a pod of another namespace, which keeps the VM away (by kubernetes.io/hostname)"
    placement = placed(namespace, a_node("node-b"), lonely, labels={"app": "web"})
    assert reasons(placement) == ([("pod-affinity", words)] if refused else [])


def test_no_two_pods_of_a_vm_are_on_one_node() -> None:
    leftover = a_launcher("node-b", labels={"kubevirt.io/migrationJobUID": "m-1"})
    placement = placed(a_node("node-b"), leftover)
    assert reasons(placement) == [("pod-affinity", "still has a pod of this VM, from another migration")]
    assert (placement.eligible, placement.eligible_soon) == (0, placement.nodes.named("node-b"))


def test_a_pod_that_is_ending_is_in_the_way_for_a_while() -> None:
    ending = a_pod("db", "node-b", labels={"app": "db"}, deletionTimestamp="2026-01-01T00:00:00Z")
    placement = placed(a_node("node-b"), ending, spec=pod_rule("podAntiAffinity"))
    words = "is near a pod that the VM must not be near (app=db, by kubernetes.io/hostname), which is ending"
    assert reasons(placement) == [("pod-affinity", words)]
    assert (placement.eligible, placement.eligible_soon) == (0, placement.nodes.named("node-b"))


@pytest.mark.parametrize(
    ("keys", "refused"),
    [
        pytest.param({"matchLabelKeys": ["version"]}, False, id="pods of the same version"),
        pytest.param({"mismatchLabelKeys": ["version"]}, True, id="pods of other versions"),
        pytest.param({"matchLabelKeys": ["unknown"]}, True, id="a label that the VM lacks"),
    ],
)
def test_a_term_can_be_about_the_vms_own_labels(keys: Mapping[str, Any], refused: bool) -> None:  # noqa: FBT001
    other = a_pod("db", "node-b", labels={"app": "db", "version": "2"})
    placement = placed(a_node("node-b"), other, spec=pod_rule("podAntiAffinity", **keys), labels={"version": "1"})
    assert bool(reasons(placement)) is refused


def spread(**constraint: Any) -> Any:
    """Return a topology spread over zones of the pods of app=web."""
    return {
        "topologySpreadConstraints": [
            {
                "topologyKey": "zone",
                "maxSkew": 1,
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchLabels": {"app": "web"}},
                **constraint,
            }
        ]
    }


ZONES = (a_node("node-b", {"zone": "1"}), a_node("node-c", {"zone": "2"}), a_node("node-d"))
WEB = (a_pod("w-1", "node-b", labels={"app": "web"}), a_pod("w-2", "node-b", labels={"app": "web"}))


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        pytest.param({}, ["node-c"], id="the emptier zone"),
        pytest.param({"maxSkew": 3}, ["node-b", "node-c"], id="enough slack"),
        pytest.param({"whenUnsatisfiable": "ScheduleAnyway"}, ["node-b", "node-c", "node-d"], id="a preference"),
        pytest.param({"labelSelector": None}, ["node-b", "node-c"], id="no pod"),
        pytest.param({"labelSelector": {}}, ["node-b", "node-c"], id="every pod counts as none"),
        pytest.param({"minDomains": 3, "maxSkew": 1}, ["node-c"], id="fewer zones than wanted"),
        pytest.param({"matchLabelKeys": ["app"]}, ["node-c"], id="pods with the VM's own label"),
    ],
)
def test_pods_are_spread_over_zones(constraint: Mapping[str, Any], expected: list[str]) -> None:
    placement = placed(*ZONES, *WEB, spec=spread(**constraint), labels={"app": "web"})
    assert list(placement.nodes.names(placement.eligible)) == expected


def test_a_zone_that_is_too_full_is_named() -> None:
    placement = placed(*ZONES, *WEB, spec=spread(), labels={"app": "web"})
    assert reasons(placement) == [("topology-spread", "would upset the topology spread by zone")]


@pytest.mark.parametrize(("policy", "expected"), [("Honor", ["node-b", "node-c"]), ("Ignore", [])])
def test_an_empty_zone_out_of_reach_counts_unless_taints_are_honored(policy: str, expected: list[str]) -> None:
    tainted = a_node("node-e", {"zone": "3"}, taints=[{"key": "x", "effect": "NoSchedule"}])
    one_each = [a_pod(f"w-{node}", node, labels={"app": "web"}) for node in ("node-b", "node-c")]
    placement = placed(*ZONES[:2], tainted, *one_each, spec=spread(nodeTaintsPolicy=policy), labels={"app": "web"})
    assert list(placement.nodes.names(placement.eligible)) == expected


@pytest.mark.parametrize(("policy", "expected"), [("Honor", ["node-b", "node-c"]), ("Ignore", [])])
def test_an_empty_zone_that_the_vm_avoids_counts_unless_affinity_is_honored(policy: str, expected: list[str]) -> None:
    one_each = [a_pod(f"w-{node}", node, labels={"app": "web"}) for node in ("node-b", "node-c")]
    constraint = spread(nodeAffinityPolicy=policy) | affinity(expression("zone", "NotIn", "3"))
    placement = placed(*ZONES[:2], a_node("node-e", {"zone": "3"}), *one_each, spec=constraint, labels={"app": "web"})
    assert list(placement.nodes.names(placement.eligible)) == expected

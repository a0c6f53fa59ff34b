"""Every predicate, both ways: a node that can take the VM but for one thing, and how that is told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import webhook.targets
from tests.builders import a_cluster, a_kubevirt, a_launcher, a_node, a_pod, a_spec, a_vmi
from webhook.targets import ALL
from webhook.targets.placement import Placement, place

SOURCE = a_node("node-a")
LAUNCHER = a_launcher("node-a")


def placed(
    *documents: Any, spec: Any = None, status: Any = None, added: Mapping[str, str] | None = None, **metadata: Any
) -> Placement:
    """Return where the VM `default/web` on node-a can go in a cluster."""
    vmi = a_vmi(a_spec(**(spec or {})), status=status, uid="u-web", **metadata)
    return place(vmi, a_cluster(SOURCE, LAUNCHER, *documents), added or {})


def reasons(placement: Placement, node: str = "node-b") -> list[tuple[str, str]]:
    """Return the predicates that refuse a node, and their words."""
    return [(r.predicate, r.reason) for r in placement.reasons(placement.nodes.named(node))]


def affinity(*expressions: Any, fields: Any = ()) -> Any:
    """Return a node affinity with one term."""
    return node_terms({"matchExpressions": list(expressions), "matchFields": list(fields)})


def node_terms(*terms: Any) -> Any:
    """Return a node affinity with alternatives."""
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return {"affinity": {"nodeAffinity": required}}


def expression(key: str, operator: str, *values: str) -> Any:
    """Return one expression."""
    return {"key": key, "operator": operator, "values": list(values)}


def pod_rule(kind: str, topology: str = "kubernetes.io/hostname", **term: Any) -> Any:
    """Return a pod affinity or anti-affinity with one term."""
    term = {"labelSelector": {"matchLabels": {"app": "db"}}, "topologyKey": topology, **term}
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def test_the_list_of_predicates_is_the_folder() -> None:
    folder = Path(webhook.targets.__file__).parent
    predicates = {f.stem for f in folder.glob("*.py") if "\nID: Final" in f.read_text()}
    assert sorted(predicate.ID.replace("-", "_") for predicate in ALL) == sorted(predicates)


@pytest.mark.parametrize("predicate", ALL, ids=lambda predicate: str(predicate.ID))
def test_a_predicate_is_named_and_documented(predicate: Any) -> None:
    assert predicate.__name__.rpartition(".")[2].replace("_", "-") == predicate.ID
    assert "Judged: " in predicate.__doc__
    assert "Remedy: " in predicate.__doc__


def test_a_node_that_lacks_nothing_is_eligible() -> None:
    placement = placed(a_node("node-b"))
    assert placement.nodes.names(placement.eligible) == ("node-b",)
    assert reasons(placement) == []


@pytest.mark.parametrize(
    ("node", "vmi", "expected"),
    [
        pytest.param({"spec": {"unschedulable": True}}, {}, ("unschedulable", "is cordoned"), id="cordoned"),
        pytest.param(
            {"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}},
            {},
            ("not-ready", "is not ready"),
            id="not ready",
        ),
        pytest.param(
            {"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]},
            {},
            ("taint", "has the taint gpu=yes:NoSchedule"),
            id="taint",
        ),
        pytest.param(
            {"taints": [{"key": "kubevirt.io/drain", "value": "draining", "effect": "NoSchedule"}]},
            {},
            ("taint", "has the taint kubevirt.io/drain=draining:NoSchedule"),
            id="taint of an upgrade",
        ),
        pytest.param(
            {"labels": {"kubevirt.io/schedulable": "false"}},
            {},
            ("virt-not-schedulable", "takes no VMs (kubevirt.io/schedulable=true is missing)"),
            id="virt-handler is dead",
        ),
        pytest.param(
            {"annotations": {"harvesterhci.io/maintain-status": "running"}},
            {},
            ("maintenance", "is in maintenance mode"),
            id="maintenance",
        ),
        pytest.param(
            {"annotations": {"harvesterhci.io/drain-requested": "true"}},
            {},
            ("maintenance", "is in maintenance mode"),
            id="maintenance is asked for",
        ),
        pytest.param(
            {"labels": {"node-role.harvesterhci.io/witness": "true"}},
            {},
            ("witness", "is a witness node"),
            id="witness",
        ),
        pytest.param(
            {"labels": {"kubernetes.io/arch": "arm64"}},
            {"architecture": "amd64"},
            ("architecture", "is no amd64 node"),
            id="architecture",
        ),
        pytest.param(
            {"labels": {"cpu-model-migration.node.kubevirt.io/Skylake": None}},
            {},
            ("cpu-model", "lacks CPU model Skylake"),
            id="host-model",
        ),
        pytest.param(
            {},
            {"domain": {"cpu": {"model": "Haswell"}}},
            ("cpu-model", "lacks CPU model Haswell"),
            id="custom model",
        ),
        pytest.param(
            {},
            {"domain": {"cpu": {"model": "Penryn", "features": [{"name": "vmx", "policy": "require"}]}}},
            ("cpu-feature", "lacks CPU feature vmx"),
            id="required feature",
        ),
        pytest.param(
            {"labels": {"cpu-feature.node.kubevirt.io/svm": "true"}},
            {"domain": {"cpu": {"model": "Penryn", "features": [{"name": "svm", "policy": "forbid"}]}}},
            ("cpu-feature", "has the forbidden CPU feature svm"),
            id="forbidden feature",
        ),
        pytest.param(
            {"labels": {"node-labeller.kubevirt.io/obsolete-host-model": "true"}},
            {},
            ("obsolete-host-model", "has an obsolete CPU model (node-labeller.kubevirt.io/obsolete-host-model)"),
            id="obsolete CPU",
        ),
        pytest.param(
            {},
            affinity(expression("network.harvesterhci.io/storage", "In", "true")),
            ("network", "is not in cluster network storage"),
            id="cluster network",
        ),
        pytest.param(
            {},
            {"nodeSelector": {"disk": "ssd"}},
            ("node-selector", "has no label disk=ssd"),
            id="node selector",
        ),
        pytest.param(
            {"labels": {"rack": "7"}},
            affinity(expression("rack", "Gt", "7")),
            ("node-affinity", "does not meet rack>7"),
            id="node affinity",
        ),
        pytest.param(
            {},
            affinity(fields=[expression("metadata.name", "NotIn", "node-b")]),
            ("node-affinity", "does not meet metadata.name not in (node-b)"),
            id="node affinity on the name",
        ),
        pytest.param(
            {"labels": {"zone": "c"}},
            node_terms(
                {"matchExpressions": [expression("zone", "In", "a")]},
                {"matchExpressions": [expression("zone", "In", "b"), expression("disk", "Exists")]},
            ),
            ("node-affinity", "meets neither zone=a nor zone=b and disk"),
            id="two alternatives",
        ),
        pytest.param(
            {},
            {**node_terms({}), "domain": {"cpu": {"model": "Penryn"}}},
            ("node-affinity", "is excluded by a node affinity that no node can meet"),
            id="an alternative that is met by no node",
        ),
    ],
)
def test_a_node_is_refused_for_one_reason(
    node: Mapping[str, Any], vmi: Mapping[str, Any], expected: tuple[str, str]
) -> None:
    placement = placed(a_node("node-b", **node), a_node("node-c"), spec=vmi)
    assert expected in reasons(placement)
    assert not placement.eligible & placement.nodes.named("node-b")


@pytest.mark.parametrize(
    ("node", "vmi"),
    [
        pytest.param(
            {"spec": {"unschedulable": True}},
            {"tolerations": [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]},
            id="cordoned, and tolerated",
        ),
        pytest.param({"status": {"conditions": []}}, {}, id="whether it is ready isn't known"),
        pytest.param({"taints": [{"key": "gpu", "effect": "PreferNoSchedule"}]}, {}, id="taint that only prefers"),
        pytest.param(
            {"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]},
            {"tolerations": [{"key": "gpu", "value": "yes"}]},
            id="tolerated taint",
        ),
        pytest.param(
            {"taints": [{"key": "gpu", "value": "yes", "effect": "NoExecute"}]},
            {"tolerations": [{"operator": "Exists"}]},
            id="all taints tolerated",
        ),
        pytest.param(
            {"taints": [{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]},
            {},
            id="taint that every pod tolerates for a while",
        ),
        pytest.param({"labels": {"kubernetes.io/arch": "arm64"}}, {}, id="no architecture is asked for"),
        pytest.param(
            {"labels": {"cpu-model-migration.node.kubevirt.io/Skylake": None}},
            {"domain": {"cpu": {"model": "host-passthrough"}}},
            id="host-passthrough",
        ),
        pytest.param({}, {"domain": {"cpu": {"model": "Penryn"}}}, id="custom model"),
        pytest.param(
            {},
            {"domain": {"cpu": {"model": "Penryn", "features": [{"name": "vmx", "policy": "optional"}]}}},
            id="optional feature",
        ),
        pytest.param({"labels": {"disk": "ssd"}}, {"nodeSelector": {"disk": "ssd"}}, id="node selector"),
        pytest.param(
            {"labels": {"network.harvesterhci.io/storage": "true"}},
            affinity(expression("network.harvesterhci.io/storage", "In", "true")),
            id="cluster network",
        ),
        pytest.param({"labels": {"rack": "8"}}, affinity(expression("rack", "Gt", "7")), id="greater"),
        pytest.param({"labels": {"rack": "-8"}}, affinity(expression("rack", "Lt", "7")), id="less"),
        pytest.param({}, affinity(expression("rack", "NotIn", "7")), id="no label is not in the list"),
        pytest.param({}, affinity(expression("rack", "DoesNotExist")), id="no label"),
        pytest.param({"labels": {"rack": ""}}, affinity(expression("rack", "Exists")), id="an empty value is one"),
        pytest.param({}, affinity(fields=[expression("metadata.name", "In", "node-b")]), id="name"),
        pytest.param(
            {"labels": {"zone": "b"}},
            node_terms(
                {"matchExpressions": [expression("zone", "In", "a")]},
                {"matchExpressions": [expression("zone", "In", "b")]},
            ),
            id="second of two alternatives",
        ),
    ],
)
def test_a_node_is_accepted(node: Mapping[str, Any], vmi: Mapping[str, Any]) -> None:
    assert reasons(placed(a_node("node-b", **node), spec=vmi)) == []


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("v1.6.3", []),
        ("v1.6.4", [("cpu-vendor", "has no Intel CPU")]),
        ("v1.7.0", []),
        ("v1.7.1", [("cpu-vendor", "has no Intel CPU")]),
        ("v1.8.0", [("cpu-vendor", "has no Intel CPU")]),
        ("", []),
    ],
)
def test_the_cpu_vendor_counts_where_kubevirt_says_so(version: str, expected: Any) -> None:
    source = a_node("node-a", {"cpu-vendor.node.kubevirt.io/Intel": "true"})
    kubevirt = {**a_kubevirt(), "status": {"observedKubeVirtVersion": version}}
    spec = {"domain": {"cpu": {"model": "host-passthrough"}}}
    assert reasons(placed(source, kubevirt, a_node("node-b"), spec=spec)) == expected


@pytest.mark.parametrize(
    ("version", "label", "expected"),
    [
        ("v1.7.0", "cpumanager", []),
        ("v1.7.0", "kubevirt.io/cpumanager", [("cpu-manager", "has no CPU manager (cpumanager=true is missing)")]),
        ("v1.8.0", "kubevirt.io/cpumanager", []),
        ("v1.8.0", "cpumanager", [("cpu-manager", "has no CPU manager (kubevirt.io/cpumanager=true is missing)")]),
        ("", "none", []),
    ],
)
def test_dedicated_cpus_need_a_cpu_manager_under_the_name_of_the_version(
    version: str, label: str, expected: Any
) -> None:
    kubevirt = {**a_kubevirt(), "status": {"observedKubeVirtVersion": version}}
    spec = {"domain": {"cpu": {"model": "Penryn", "dedicatedCpuPlacement": True}}}
    assert reasons(placed(kubevirt, a_node("node-b", {label: "true"}), spec=spec)) == expected


@pytest.mark.parametrize(
    ("version", "status", "expected"),
    [
        ("v1.5.9", {}, []),
        ("v1.6.0", {}, [("machine-type", "lacks machine type q35")]),
        (
            "v1.6.0",
            {"machine": {"type": "pc-q35-rhel9.6.0"}},
            [("machine-type", "lacks machine type pc-q35-rhel9.6.0")],
        ),
        ("v1.6.0", {"machine": {"type": "pc-q35-9.0"}}, []),
    ],
)
def test_the_machine_type_that_runs_counts_and_not_its_alias(version: str, status: Any, expected: Any) -> None:
    kubevirt = {**a_kubevirt(), "status": {"observedKubeVirtVersion": version}}
    node = a_node("node-b", {"machine-type.node.kubevirt.io/pc-q35-9.0": "true"})
    spec = {"domain": {"machine": {"type": "q35"}}}
    assert reasons(placed(kubevirt, node, spec=spec, status=status)) == expected


def test_what_every_alternative_asks_for_keeps_its_own_name() -> None:
    network = expression("network.harvesterhci.io/vlan", "In", "true")
    terms = [{"matchExpressions": [expression("zone", "In", zone), network]} for zone in ("a", "b")]
    assert reasons(placed(a_node("node-b"), spec=node_terms(*terms))) == [
        ("network", "is not in cluster network vlan"),
        ("node-affinity", "meets neither zone=a nor zone=b"),
    ]


def test_all_reasons_are_told_at_once() -> None:
    node = a_node(
        "node-b",
        {"kubevirt.io/schedulable": None, "cpu-model-migration.node.kubevirt.io/Skylake": None},
        spec={"unschedulable": True},
        taints=[
            {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
            {"key": "gpu", "effect": "NoSchedule"},
        ],
        annotations={"harvesterhci.io/maintain-status": "completed"},
        status={"conditions": [{"type": "Ready", "status": "False"}]},
    )
    assert [predicate for predicate, _ in reasons(placed(node))] == [
        "not-ready",
        "maintenance",
        "unschedulable",
        "taint",
        "virt-not-schedulable",
        "cpu-model",
    ]


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
    words = "is near the pod other/lonely, which keeps the VM away (by kubernetes.io/hostname)"
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
        pytest.param({"whenUnsatisfiable": "ScheduleAnyway"}, ["node-b", "node-c", "node-d"], id="a mere wish"),
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


def test_the_migrations_own_node_selector_counts_unless_the_vm_says_otherwise() -> None:
    nodes = (a_node("node-b", {"disk": "ssd"}), a_node("node-c", {"disk": "hdd"}))
    asked = placed(*nodes, added={"disk": "hdd"})
    assert asked.nodes.names(asked.eligible) == ("node-c",)
    both = placed(*nodes, added={"disk": "hdd"}, spec={"nodeSelector": {"disk": "ssd"}})
    assert both.nodes.names(both.eligible) == ("node-b",)

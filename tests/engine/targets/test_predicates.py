"""Every predicate, both ways: a node that can take the VM but for one thing, and how that is told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import webhook.engine.targets
from testbed.builders import a_kubevirt, a_node
from tests.engine.targets.placing import affinity, expression, node_terms, placed, reasons
from webhook.engine.targets import ALL


def test_the_list_of_predicates_is_the_folder() -> None:
    folder = Path(webhook.engine.targets.__file__).parent
    predicates = {f.stem for f in folder.glob("*.py") if "\nID: Final" in f.read_text()}
    assert sorted(predicate.ID.replace("-", "_") for predicate in ALL) == sorted(predicates)


@pytest.mark.parametrize("predicate", ALL, ids=lambda predicate: str(predicate.ID))
def test_a_predicate_is_named_and_documented(predicate: Any) -> None:
    assert predicate.__name__.rpartition(".")[2].replace("_", "-") == predicate.ID
    for part in ("Judged: ", "Remedy: ", "Since: "):
        assert part in predicate.__doc__


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
        ("v1.5.0", {}, []),
        ("v1.5.1", {}, [("machine-type", "lacks machine type q35")]),
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


def test_the_migrations_own_node_selector_counts_unless_the_vm_says_otherwise() -> None:
    nodes = (a_node("node-b", {"disk": "ssd"}), a_node("node-c", {"disk": "hdd"}))
    asked = placed(*nodes, added={"disk": "hdd"})
    assert asked.nodes.names(asked.eligible) == ("node-c",)
    both = placed(*nodes, added={"disk": "hdd"}, spec={"nodeSelector": {"disk": "ssd"}})
    assert both.nodes.names(both.eligible) == ("node-b",)

"""Which CPU model a virtual machine has, and which selectors its pods need: the whole table."""

from collections.abc import Mapping
from typing import Any

import pytest

from testbed.builders import a_cluster, a_kubevirt, a_launcher, a_node, a_spec, a_vmi
from webhook.engine.cpu_model import Origin, Selectors, cpu_model, launch_selectors, migration_selectors
from webhook.engine.placement import source_pod
from webhook.objects.node import Node
from webhook.objects.vmi import VirtualMachineInstance

MIGRATION = "cpu-model-migration.node.kubevirt.io/"
FEATURE = "cpu-feature.node.kubevirt.io/"
JOB = {"kubevirt.io/migrationJobUID": "m-1"}
SKYLAKE = {MIGRATION + "Skylake": "true"}
WITH_FEATURES = a_node("node-a", {"host-model-required-features.node.kubevirt.io/vmx": "true"})


def running(model: str = "host-model", architecture: str = "") -> VirtualMachineInstance:
    """Return a VMI that runs on node-a with this CPU model."""
    cpu = {"cpu": {"model": model}} if model else {}
    return a_vmi(a_spec(domain=cpu, architecture=architecture), uid="u-web")


def target(vmi: VirtualMachineInstance, *documents: Any) -> Selectors:
    """Return what the target pod of a migration needs."""
    cluster = a_cluster(*documents)
    node: Node | None = cluster.nodes.get("", "node-a")
    return migration_selectors(vmi, cpu_model(vmi, cluster.kubevirt), source_pod(vmi, cluster), node)


@pytest.mark.parametrize(
    ("model", "architecture", "configuration", "expected"),
    [
        pytest.param("Haswell", "", {"cpuModel": "Penryn"}, ("Haswell", Origin.VMI), id="its own"),
        pytest.param("", "", {"cpuModel": "Penryn"}, ("Penryn", Origin.KUBEVIRT), id="the cluster's"),
        pytest.param("", "", {}, ("host-model", Origin.DEFAULT), id="the default"),
        pytest.param("", "", None, ("host-model", Origin.DEFAULT), id="no KubeVirt resource"),
        pytest.param("", "s390x", {"cpuModel": "z14"}, ("z14", Origin.KUBEVIRT), id="s390x"),
        pytest.param("", "arm64", {"cpuModel": "Penryn"}, ("host-passthrough", Origin.DEFAULT), id="arm64"),
    ],
)
def test_the_model_is_its_own_or_the_clusters_or_host_model(
    model: str, architecture: str, configuration: Any, expected: tuple[str, Origin]
) -> None:
    cluster = a_cluster(*([] if configuration is None else [a_kubevirt(**configuration)]))
    chosen = cpu_model(running(model, architecture), cluster.kubevirt)
    assert (chosen.name, chosen.origin) == expected


@pytest.mark.parametrize(
    ("model", "architecture", "expected"),
    [
        ("XYZ", "", {"cpu-model.node.kubevirt.io/XYZ": "true"}),
        ("host-model", "", {}),
        ("", "", {}),
        ("host-passthrough", "", {}),
        ("XYZ", "arm64", {}),
    ],
)
def test_a_first_launch_needs_a_custom_model_and_nothing_else(
    model: str, architecture: str, expected: Mapping[str, str]
) -> None:
    vmi = running(model, architecture)
    assert launch_selectors(vmi, cpu_model(vmi, None)) == Selectors(labels=expected)


@pytest.mark.parametrize(
    ("model", "architecture", "expected"),
    [
        ("XYZ", "", {"cpu-model.node.kubevirt.io/XYZ": "true"}),
        ("host-model", "", {**SKYLAKE, FEATURE + "vmx": "true"}),
        ("", "", {**SKYLAKE, FEATURE + "vmx": "true"}),
        ("host-passthrough", "", {}),
        ("host-model", "arm64", {}),
    ],
)
def test_a_target_needs_what_the_source_node_is(model: str, architecture: str, expected: Mapping[str, str]) -> None:
    assert target(running(model, architecture), WITH_FEATURES, a_launcher()) == Selectors(labels=expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(None, {**SKYLAKE, FEATURE + "vmx": "true"}, id="source pod unknown"),
        pytest.param(
            {"node_selector": {MIGRATION + "Penryn": "true", FEATURE + "aes": "true"}, "labels": JOB},
            {MIGRATION + "Penryn": "true", FEATURE + "aes": "true"},
            id="migrated before",
        ),
        pytest.param(
            {"node_selector": {FEATURE + "aes": "true"}, "labels": JOB},
            {FEATURE + "aes": "true"},
            id="migrated before without a model",
        ),
        pytest.param(
            {"node_selector": {MIGRATION + "Penryn": "true"}},
            {MIGRATION + "Penryn": "true"},
            id="the VM's own node selector names a model",
        ),
        pytest.param(
            {"node_selector": {FEATURE + "aes": "true", "disk": "ssd"}},
            {FEATURE + "aes": "true", **SKYLAKE, FEATURE + "vmx": "true"},
            id="a first launch that asks for a feature",
        ),
        pytest.param(
            {"node_selector": {"kubevirt.io/schedulable": "true"}},
            {**SKYLAKE, FEATURE + "vmx": "true"},
            id="a first launch",
        ),
    ],
)
def test_a_second_migration_needs_what_the_first_one_needed(source: Any, expected: Mapping[str, str]) -> None:
    pods = []
    if source:
        pods = [a_launcher(labels=source.get("labels", {}), spec={"nodeSelector": source["node_selector"]})]
    assert target(running(), WITH_FEATURES, *pods).labels == expected


def test_the_newest_pod_on_the_node_is_the_source_whatever_its_phase() -> None:
    old = a_launcher(name="old", creationTimestamp="2026-01-01T00:00:00Z")
    new = a_launcher(name="new", creationTimestamp="2026-01-02T00:00:00Z", phase="Failed")
    elsewhere = a_launcher("node-b", creationTimestamp="2026-01-03T00:00:00Z")
    found = source_pod(running(), a_cluster(old, new, elsewhere))
    assert found is not None
    assert found.metadata.name == "new"


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        pytest.param([], "its node node-a does not exist", id="no node"),
        pytest.param(
            [a_node("node-a", {"host-model-cpu.node.kubevirt.io/Skylake": None})],
            "its node node-a has no label host-model-cpu.node.kubevirt.io/*",
            id="no label",
        ),
    ],
)
def test_what_cannot_be_derived_is_said(documents: Any, expected: str) -> None:
    assert target(running(), *documents, a_launcher()) == Selectors(labels={}, underivable=expected)


def test_the_value_of_the_label_is_taken_over() -> None:
    node = a_node("node-a", {"host-model-cpu.node.kubevirt.io/Skylake": "odd"})
    assert target(running(), node, a_launcher()).labels == {MIGRATION + "Skylake": "odd"}

"""What the target pod carries, seen by where it may go: default tolerations, names in labels, gates."""

from typing import Any

import pytest

from testbed.builders import a_cluster, a_kubevirt, a_launcher, a_node, a_pod, a_spec, a_vmi
from tests.engine.targets.placing import LAUNCHER, SOURCE, placed, reasons
from webhook.engine.placement import place

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
NOT_READY = "node.kubernetes.io/not-ready"


def a_taint(key: str, effect: str) -> Any:
    return {"key": key, "effect": effect}


@pytest.mark.parametrize(
    ("tolerations", "taint", "taken"),
    [
        pytest.param([], a_taint(NOT_READY, "NoExecute"), True, id="the API server adds it"),
        pytest.param([], a_taint("node.kubernetes.io/unreachable", "NoExecute"), True, id="and the other one"),
        pytest.param([], a_taint(NOT_READY, "NoSchedule"), False, id="for no other effect"),
        pytest.param([], a_taint("gpu", "NoExecute"), False, id="for no other key"),
        pytest.param(
            [{"key": NOT_READY, "operator": "Exists", "effect": "NoSchedule"}],
            a_taint(NOT_READY, "NoExecute"),
            True,
            id="one of the same key for another effect doesn't replace it",
        ),
        pytest.param(
            [{"key": NOT_READY, "operator": "Equal", "value": "x", "effect": "NoExecute"}],
            a_taint(NOT_READY, "NoExecute"),
            False,
            id="one of the pod's own replaces it",
        ),
        pytest.param(
            [{"key": NOT_READY, "operator": "Equal", "value": "x"}],
            a_taint(NOT_READY, "NoExecute"),
            False,
            id="one for all effects, too",
        ),
    ],
)
def test_taints_that_every_pod_tolerates_for_a_while(tolerations: Any, taint: Any, taken: bool) -> None:  # noqa: FBT001
    placement = placed(a_node("node-b", taints=[taint]), spec={"tolerations": tolerations})

    assert ([r for r, _ in reasons(placement)] == []) is taken


LONG = "a" * 63


@pytest.mark.parametrize(
    ("name", "hostname", "label", "value"),
    [
        pytest.param("web", "", "vm.kubevirt.io/name", "web", id="the name"),
        pytest.param("web.shop", "", "vm.kubevirt.io/name", "web", id="up to its first dot"),
        pytest.param(f"{LONG}b", "", "vm.kubevirt.io/name", LONG, id="63 characters of it"),
        pytest.param("web", "www", "vm.kubevirt.io/name", "www", id="the hostname"),
        pytest.param("web.shop", "", "vmi.kubevirt.io/id", "web.shop", id="the whole name"),
        pytest.param(LONG, "", "vmi.kubevirt.io/id", LONG, id="63 characters are whole"),
        pytest.param(f"{LONG}b", "", "vmi.kubevirt.io/id", f"{'a' * 54}-f9ade178", id="a longer one with its hash"),
    ],
)
def test_labels_that_kubevirt_makes_of_a_name(name: str, hostname: str, label: str, value: str) -> None:
    avoids = {"labelSelector": {"matchLabels": {label: value}}, "topologyKey": "kubernetes.io/hostname"}
    neighbour = a_pod("hermit", "node-b", spec={"affinity": {"podAntiAffinity": {REQUIRED: [avoids]}}})
    vmi = a_vmi(a_spec(hostname=hostname), uid="u-web", name=name)
    kubevirt = {**a_kubevirt(), "status": {"observedKubeVirtVersion": "v1.7.0"}}

    placement = place(vmi, a_cluster(kubevirt, SOURCE, LAUNCHER, a_node("node-b"), a_node("node-c"), neighbour), {})

    assert placement.nodes.names(placement.eligible) == ("node-c",)


def test_the_label_of_the_whole_name_exists_from_1_7_on() -> None:
    avoids = {"labelSelector": {"matchLabels": {"vmi.kubevirt.io/id": "web"}}, "topologyKey": "kubernetes.io/hostname"}
    neighbour = a_pod("hermit", "node-b", spec={"affinity": {"podAntiAffinity": {REQUIRED: [avoids]}}})
    kubevirt = {**a_kubevirt(), "status": {"observedKubeVirtVersion": "v1.6.0"}}

    placement = placed(kubevirt, a_node("node-b"), neighbour)

    assert reasons(placement) == []


@pytest.mark.parametrize(("gates", "refused"), [(["HypervStrictCheck"], True), ([], False), (["Snapshot"], False)])
def test_hyperv_features_are_asked_of_a_node_where_the_gate_is_on(gates: list[str], refused: bool) -> None:  # noqa: FBT001
    spec = a_spec()
    spec["domain"]["features"] = {"hyperv": {"synic": {"enabled": True}, "evmcs": {"enabled": False}}}
    kubevirt = a_kubevirt(developerConfiguration={"featureGates": gates})

    placement = place(a_vmi(spec, uid="u-web"), a_cluster(kubevirt, SOURCE, a_launcher(), a_node("node-b")), {})

    assert (("node-selector", "has no label hyperv.node.kubevirt.io/synic=true") in reasons(placement)) is refused

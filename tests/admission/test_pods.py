"""Launcher pods get the CPU selectors that they lack, and nothing else happens to them."""

import asyncio
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.builders import (
    a_cluster,
    a_kubevirt,
    a_launcher,
    a_node,
    a_pod,
    a_review,
    a_spec,
    a_vmi_document,
)
from tests.admission.test_patch import applied
from webhook.admission import pods
from webhook.admission.hooks import BY_PATH, decide
from webhook.admission.review import AdmissionRequest, read
from webhook.engine.assessment import Rules
from webhook.engine.verdict import Verdict
from webhook.state.kinds import Reference
from webhook.state.manifests import Manifests

HOOK = BY_PATH["/mutate/pods"]
JOB = {"kubevirt.io/migrationJobUID": "m-1"}
MIGRATION = "cpu-model-migration.node.kubevirt.io/"
SKYLAKE = {MIGRATION + "Skylake": "true"}


def request_for(pod: Any) -> AdmissionRequest:
    """Return the request that creates a pod."""
    resource = {"group": "", "version": "v1", "resource": "pods"}
    review = a_review(pod, resource="pods")
    review["request"]["resource"] = resource
    return read(orjson.dumps(review))


def mutated(pod: Any, *documents: Any) -> Verdict:
    """Return the verdict on a new pod, with all that there is to know read."""
    return asyncio.run(decide(HOOK, request_for(pod), Manifests(a_cluster(*documents)), Rules(), 1.0))


def a_vmi(model: str = "host-model", **metadata: Any) -> Any:
    """Return the VMI `default/web` on node-a."""
    return a_vmi_document(a_spec(domain={"cpu": {"model": model}}), uid="u-web", **metadata)


def a_target(**spec: Any) -> Any:
    """Return the pod that a migration makes, before it has a node."""
    return a_launcher("", name="", generateName="virt-launcher-web-", labels=JOB, spec=spec)


@pytest.mark.parametrize(
    ("pod", "cluster", "expected"),
    [
        pytest.param(
            a_launcher(""), [a_vmi("XYZ")], {"cpu-model.node.kubevirt.io/XYZ": "true"}, id="custom model, first launch"
        ),
        pytest.param(a_target(), [a_vmi("XYZ")], {"cpu-model.node.kubevirt.io/XYZ": "true"}, id="custom model, target"),
        pytest.param(
            a_launcher(""),
            [a_vmi(""), a_kubevirt(cpuModel="Penryn")],
            {"cpu-model.node.kubevirt.io/Penryn": "true"},
            id="model of the cluster",
        ),
        pytest.param(a_launcher(""), [a_vmi(), a_node("node-a")], {}, id="host-model, first launch"),
        pytest.param(a_target(), [a_vmi(), a_launcher(), a_node("node-a")], SKYLAKE, id="host-model, target"),
        pytest.param(
            a_target(),
            [a_vmi(), a_launcher(spec={"nodeSelector": {MIGRATION + "Old": "true"}}), a_node("node-a")],
            {MIGRATION + "Old": "true"},
            id="host-model, second migration",
        ),
        pytest.param(a_target(), [a_vmi("host-passthrough"), a_node("node-a")], {}, id="host-passthrough"),
    ],
)
def test_a_launcher_gets_what_it_needs(pod: Any, cluster: Any, expected: Mapping[str, str]) -> None:
    verdict = mutated(pod, *cluster)
    assert applied(pod, verdict.patch)["spec"].get("nodeSelector", {}) == expected
    assert (verdict.allowed, verdict.warnings, verdict.underivable) == (True, (), "")


def test_what_is_there_stays_and_only_what_lacks_is_added() -> None:
    pod = a_target(nodeSelector={"disk": "ssd", MIGRATION + "Skylake": "false"})
    features = a_node("node-a", {"host-model-required-features.node.kubevirt.io/vmx": "true"})
    assert mutated(pod, a_vmi(), a_launcher(), features).patch == (
        {"op": "add", "path": "/spec/nodeSelector/cpu-feature.node.kubevirt.io~1vmx", "value": "true"},
    )


def test_a_pod_that_lacks_nothing_is_not_patched() -> None:
    pod = a_target(nodeSelector=SKYLAKE)
    assert mutated(pod, a_vmi(), a_launcher(), a_node("node-a")).patch == ()


def owned_by(**owner: Any) -> Any:
    """Return a pod labelled as launcher that has this owner."""
    return a_pod("p", labels={"kubevirt.io": "virt-launcher", **JOB}, ownerReferences=[{"controller": True, **owner}])


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(a_pod("p", labels={"kubevirt.io": "virt-launcher"}), id="no owner"),
        pytest.param(owned_by(kind="ReplicaSet", name="web", uid="u-web"), id="another kind of owner"),
        pytest.param(owned_by(kind="Pod", name="virt-launcher-web", uid="u-web"), id="attachment of a disk"),
        pytest.param(
            owned_by(kind="VirtualMachineInstance", name="web", uid="u-web", controller=False), id="no controller"
        ),
        pytest.param(owned_by(kind=7, name=[], uid={}), id="nonsense"),
        pytest.param({"metadata": 3, "spec": "x"}, id="no pod at all"),
    ],
)
def test_a_look_alike_is_left_alone(pod: Any) -> None:
    verdict = mutated(pod, a_vmi("XYZ"), a_node("node-a"))
    assert (verdict.allowed, verdict.patch, verdict.warnings) == (True, (), (pods.NOBODYS,))


def test_the_pod_that_only_makes_volumes_be_provisioned_is_left_alone_without_a_word() -> None:
    pod = a_launcher("", annotations={"kubevirt.io/ephemeral-provisioning": "true"})
    assert mutated(pod, a_vmi("XYZ")) == Verdict()


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        pytest.param([], "VMI default/web does not exist", id="no VMI"),
        pytest.param([a_vmi_document(uid="u-older")], "VMI default/web does not exist", id="an older namesake"),
        pytest.param([a_vmi(), a_launcher()], "its node node-a does not exist", id="no node"),
        pytest.param(
            [a_vmi(), a_launcher(), a_node("node-a", {"host-model-cpu.node.kubevirt.io/Skylake": None})],
            "its node node-a has no label host-model-cpu.node.kubevirt.io/*",
            id="no label",
        ),
    ],
)
def test_what_cannot_be_told_is_said_and_the_pod_goes_its_way(cluster: Any, expected: str) -> None:
    verdict = mutated(a_target(), *cluster)
    assert (verdict.allowed, verdict.patch, verdict.underivable) == (True, (), expected)
    assert verdict.warnings == (f"CPU selectors can't be told: {expected}",)


def test_what_is_missing_is_read_before_it_is_called_missing() -> None:
    def rests_on(*documents: Any) -> frozenset[Reference]:
        return pods.mutate(request_for(a_target()), a_cluster(*documents), Rules()).rests_on

    vmi = Reference(kind="VirtualMachineInstance", namespace="default", name="web")
    launchers = Reference(kind="Pod", namespace="default", labels=frozenset({("kubevirt.io/created-by", "u-web")}))
    node = Reference(kind="Node", name="node-a")
    assert rests_on() == {vmi}
    assert rests_on(a_vmi()) == {launchers, node}
    assert rests_on(a_vmi(), a_node("node-a")) == {launchers}
    assert rests_on(a_vmi(), a_launcher()) == {node}
    assert rests_on(a_vmi(), a_launcher(), a_node("node-a")) == frozenset()
    assert rests_on(a_vmi("XYZ")) == frozenset()


def test_a_hundred_selectors_of_odd_values_are_left_as_they_are() -> None:
    odd = {f"key-{n}": "" for n in range(200)}
    pod = a_target(nodeSelector=odd)
    patched = applied(pod, mutated(pod, a_vmi(), a_launcher(), a_node("node-a", {"odd": ""})).patch)
    assert patched["spec"]["nodeSelector"] == {**odd, **SKYLAKE}


selectors = st.dictionaries(
    st.sampled_from(
        [
            MIGRATION + "Skylake",
            MIGRATION + "Penryn",
            "cpu-feature.node.kubevirt.io/vmx",
            "cpu-model.node.kubevirt.io/XYZ",
            "disk",
        ]
    ),
    st.sampled_from(["true", "false", ""]),
)


@given(
    pod_selector=selectors,
    source_selector=selectors,
    model=st.sampled_from(["host-model", "XYZ", "host-passthrough", ""]),
    is_target=st.booleans(),
    labels=st.dictionaries(
        st.sampled_from(
            ["host-model-cpu.node.kubevirt.io/A", "host-model-required-features.node.kubevirt.io/vmx", "x"]
        ),
        st.sampled_from(["true", ""]),
    ),
)
def test_a_second_run_adds_nothing_and_nothing_is_ever_changed(
    pod_selector: dict[str, str],
    source_selector: dict[str, str],
    model: str,
    is_target: bool,  # noqa: FBT001
    labels: dict[str, str],
) -> None:
    pod = a_launcher("", labels=JOB if is_target else {}, spec={"nodeSelector": pod_selector, "containers": [7]})
    cluster = (a_vmi(model), a_launcher(spec={"nodeSelector": source_selector}), a_node("node-a", labels))
    once = applied(pod, mutated(pod, *cluster).patch)
    assert {**once["spec"]["nodeSelector"], **pod_selector} == once["spec"]["nodeSelector"]
    rest = deepcopy(once)
    rest["spec"]["nodeSelector"] = pod_selector
    assert rest == pod
    assert mutated(once, *cluster).patch == ()


json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(metadata=json, spec=json)
def test_no_pod_is_ever_refused(metadata: Any, spec: Any) -> None:
    verdict = mutated({"metadata": metadata, "spec": spec}, a_vmi(), a_node("node-a"))
    assert (verdict.allowed, verdict.patch) == (True, ())

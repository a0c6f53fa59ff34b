"""How the target pod is rendered by version; recorded answers of each KubeVirt compare it as a whole."""

from typing import Any, Final

import pytest

from testbed.builders import a_claim, a_cluster, a_kubevirt, a_launcher, a_node, a_spec, a_vmi
from webhook.engine.assessment import assess
from webhook.engine.placement import Placement, place
from webhook.engine.policy import Policy
from webhook.foresight.eviction import Outcome, eviction
from webhook.foresight.survey import find

NODES: Final = (a_node("node-a"), a_node("node-b"))


def with_domain(**domain: Any) -> Any:
    """Return a specification with this in its domain."""
    spec = a_spec()
    return {**spec, "domain": {**spec["domain"], **domain}}


def placed(spec: Any, version: str, *documents: Any, status: Any = None, gates: Any = (), **metadata: Any) -> Placement:
    """Return the placement of `default/web` with a KubeVirt of a version."""
    kubevirt = {
        **a_kubevirt(developerConfiguration={"featureGates": list(gates)}),
        "status": {"observedKubeVirtVersion": version},
    }
    return place(a_vmi(spec, status=status, uid="u-web", **metadata), a_cluster(kubevirt, *NODES, *documents), {})


def test_what_an_earlier_kubevirt_wrote_on_the_source_pod_is_rendered_afresh() -> None:
    old = {"kubevirt.io/realtime": "", "hyperv.node.kubevirt.io/ipi": "true", "kubevirt.io/vm-arch-amd64": "true"}
    source = a_launcher(spec={"nodeSelector": old})
    spec = {**with_domain(cpu={"realtime": {}}), "nodeSelector": {"kubevirt.io/realtime": ""}}

    assert placed(spec, "v1.9.0", source).pod.node_selector == {
        "kubevirt.io/schedulable": "true",
        "kubevirt.io/realtime": "true",
        "cpu-model-migration.node.kubevirt.io/Skylake": "true",
    }


@pytest.mark.parametrize(
    ("version", "gates", "keys"),
    [
        ("v1.8.2", ["CrossArchitectureVirtualization"], {"kubernetes.io/arch"}),
        ("v1.9.0", [], {"kubernetes.io/arch"}),
        ("v1.9.0", ["CrossArchitectureVirtualization"], {"kubevirt.io/vm-arch-amd64"}),
    ],
)
def test_architectures_are_crossed_from_1_9_on_with_a_gate(version: str, gates: Any, keys: set[str]) -> None:
    spec = {**a_spec(), "architecture": "amd64", "nodeSelector": {"kubernetes.io/arch": "amd64"}}
    selector = placed(spec, version, gates=gates).pod.node_selector
    assert {key for key in selector if "arch" in key} == keys


@pytest.mark.parametrize(("version", "asked"), [("v1.5.2", False), ("v1.6.0", True), ("", True)])
def test_secure_execution_is_asked_for_from_1_6_on(version: str, *, asked: bool) -> None:
    spec = {**with_domain(launchSecurity={}), "architecture": "s390x"}
    assert ("kubevirt.io/s390-pv" in placed(spec, version).pod.node_selector) is asked


@pytest.mark.parametrize(("version", "value"), [("v1.6.0", None), ("v1.7.0", "true")])
def test_istio_is_asked_for_by_a_label_from_1_7_on(version: str, value: str | None) -> None:
    labels = placed(a_spec(), version, annotations={"sidecar.istio.io/inject": "true"}).pod.labels
    assert labels.get("sidecar.istio.io/inject") == value


def a_reserving_spec() -> Any:
    """Return a virtual machine with a LUN that it keeps for itself."""
    return a_spec(
        disks=[{"name": "quorum", "lun": {"reservation": True}}],
        volumes=[{"name": "quorum", "persistentVolumeClaim": {"claimName": "quorum"}}],
    )


@pytest.mark.parametrize(("version", "eligible"), [("v1.8.2", ("node-b", "node-c")), ("v1.9.0", ("node-c",))])
def test_partners_with_the_same_reservation_are_kept_apart_from_1_9_on(version: str, eligible: Any) -> None:
    claim = a_claim("quorum", "ReadWriteMany")
    claim["metadata"]["uid"] = "u-quorum"
    partner = a_launcher("node-b", uid="u-db", vmi="db", labels={"pr.kubevirt.io/u-quorum": ""})
    placement = placed(a_reserving_spec(), version, claim, partner, a_launcher(), a_node("node-c"))
    assert placement.nodes.names(placement.eligible) == eligible


UNTOLD: Final = "its node node-a has no label host-model-cpu.node.kubevirt.io/*"


@pytest.mark.parametrize(
    ("version", "said", "outcome"),
    [
        ("v1.5.2", f"KubeVirt can't make the target pod, as {UNTOLD}", Outcome.STAYS),
        ("v1.6.0", f"the guest may meet another CPU, as {UNTOLD}", Outcome.MOVES),
    ],
)
def test_a_source_without_its_model_stops_kubevirt_up_to_1_5(version: str, said: str, outcome: Outcome) -> None:
    kubevirt = {**a_kubevirt(), "status": {"observedKubeVirtVersion": version}}
    unlabelled = a_node("node-a", {"host-model-cpu.node.kubevirt.io/Skylake": None})
    cluster = a_cluster(kubevirt, unlabelled, NODES[1])
    condition = {"type": "LiveMigratable", "status": "True"}
    vmi = a_vmi({**a_spec(), "evictionStrategy": "LiveMigrate"}, status={"conditions": [condition]})

    [violation] = assess(vmi, cluster, Policy()).violations
    assert (violation.restriction, violation.problem) == ("cpu-model", said)
    assert eviction(find(vmi, cluster, Policy()), cluster.kubevirt, Policy()).outcome is outcome


SIDECAR: Final = {"restartPolicy": "Always", "resources": {"requests": {"cpu": "5m", "memory": "35Mi"}}}
COMPUTE: Final = {"resources": {"requests": {"memory": "1Gi"}, "limits": {"cpu": "2"}}}
SETUP: Final = {"resources": {"requests": {"cpu": "3", "memory": "1Mi"}}}


def test_a_pod_asks_for_its_sidecars_and_overhead_and_for_a_limit_without_a_request() -> None:
    source = a_launcher(
        spec={"initContainers": [SIDECAR, SETUP], "containers": [COMPUTE], "overhead": {"memory": "16Mi"}}
    )
    requests = placed(a_spec(), "v1.6.0", source).pod.requests
    assert (requests.cpu, requests.memory) == (3005, (1024 + 35 + 16) * 1024**2)


@pytest.mark.parametrize(
    ("cpu", "requests", "asked"),
    [
        ({}, {}, 200),
        ({}, {"cpu": "250m"}, 100),
        ({"dedicatedCpuPlacement": True}, {}, 1100),
    ],
)
def test_a_target_is_as_large_as_what_was_plugged_in(cpu: Any, requests: Any, asked: int) -> None:
    source = a_launcher(spec={"containers": [{"resources": {"requests": {"cpu": "100m", "memory": "2Gi"}}}]})
    spec = with_domain(
        cpu={"cores": 1, "sockets": 2, "threads": 1, **cpu},
        memory={"guest": "2Gi"},
        resources={"requests": {"memory": "2Gi", **requests}},
    )
    status = {
        "currentCPUTopology": {"cores": 1, "sockets": 1, "threads": 1},
        "memory": {"guestCurrent": "1Gi", "guestRequested": "2Gi"},
    }
    grown = placed(spec, "v1.9.0", source, status=status).pod.requests
    page_tables, cost_of_a_cpu = 1024**3 // 512, 8 * 1024**2
    assert (grown.cpu, grown.memory) == (asked, 3 * 1024**3 + page_tables + cost_of_a_cpu)


def test_everything_that_can_be_counted_is_asked_for_huge_pages_of_the_new_size_too() -> None:
    device = {"resources": {"requests": {"nvidia.com/T4": "1", "hugepages-2Mi": "1Gi"}, "limits": {"x.io/vf": "2"}}}
    source = a_launcher(spec={"containers": [device, {"resources": {"requests": {"nvidia.com/T4": "1"}}}]})
    spec = with_domain(memory={"guest": "2Gi", "hugepages": {"pageSize": "2Mi"}})
    status = {"memory": {"guestCurrent": "1Gi"}}

    requests = placed(spec, "v1.9.0", source, status=status).pod.requests
    assert requests.others == (("hugepages-2Mi", 2 * 1024**3), ("nvidia.com/T4", 2), ("x.io/vf", 2))
    assert requests.memory == 0

"""kube-scheduler's plugins of volumes and devices, and quotas, judge by the objects of a case."""

from typing import Any

import pytest

from fidelity.judges import Rejection, SchedulerJudge
from fidelity.selectors import Json

CONTAINER = {"name": "compute", "image": "launcher", "resources": {"requests": {"cpu": "1"}}}
ZONE = "topology.kubernetes.io/zone"
NODES = [
    {
        "metadata": {"name": f"node-{zone}", "labels": {ZONE: zone, "kubernetes.io/hostname": f"node-{zone}"}},
        "status": {"allocatable": {"cpu": "8", "memory": "8Gi", "pods": "110"}},
    }
    for zone in ("a", "b")
]
CLASS = {"metadata": {"name": "longhorn"}, "provisioner": "driver", "volumeBindingMode": "WaitForFirstConsumer"}
BOUND = {"annotations": {"pv.kubernetes.io/bind-completed": "yes"}}


@pytest.fixture(scope="module")
def whole() -> Any:
    """kube-scheduler with all plugins."""
    with SchedulerJudge() as judge:
        yield judge


def pod(name: str = "target", *, claim: str = "disk", **spec: Any) -> Json:
    volume = {"name": "disk", "persistentVolumeClaim": {"claimName": claim}}
    return {
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": [CONTAINER], "volumes": [volume], **spec},
    }


def claim(name: str = "disk", *, mode: str = "ReadWriteMany", bound: bool = True) -> Json:
    metadata = {"name": name, "namespace": "default", "uid": f"uid-{name}"}
    spec: Json = {"accessModes": [mode], "storageClassName": "longhorn", "resources": {"requests": {"storage": "1Gi"}}}
    if not bound:
        return {"metadata": metadata, "spec": spec, "status": {"phase": "Pending"}}
    return {"metadata": metadata | BOUND, "spec": spec | {"volumeName": f"pv-{name}"}, "status": {"phase": "Bound"}}


def volume(name: str = "disk", *, labels: Json | None = None, **spec: Any) -> Json:
    reference = {"name": name, "namespace": "default", "uid": f"uid-{name}"}
    own = {"accessModes": ["ReadWriteMany"], "csi": {"driver": "driver", "volumeHandle": name}, "claimRef": reference}
    metadata = {"name": f"pv-{name}", "labels": labels or {}}
    return {"metadata": metadata, "spec": own | spec | {"capacity": {"storage": "1Gi"}}, "status": {"phase": "Bound"}}


def case(**objects: Any) -> Json:
    driver = {"name": "driver", "nodeID": "x", "topologyKeys": [], "allocatable": {"count": 1}}
    known = {
        "pod": pod(),
        "nodes": NODES,
        "pods": [],
        "namespaces": [],
        "storageClasses": [CLASS],
        "csiNodes": [{"metadata": node["metadata"], "spec": {"drivers": [driver]}} for node in NODES],
    }
    return {"id": 1, **known, **objects}


def test_a_volume_that_one_zone_reaches_rejects_the_others(whole: SchedulerJudge) -> None:
    expression = {"key": ZONE, "operator": "In", "values": ["a"]}
    affinity = {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}
    objects = {"persistentVolumeClaims": [claim()], "persistentVolumes": [volume(nodeAffinity=affinity)]}
    [verdict] = whole.judge([case(**objects)])
    message = "node(s) didn't match PersistentVolume's node affinity"
    assert verdict.rejected == {"node-b": Rejection(plugin="VolumeBinding", message=message)}


def test_a_volume_with_the_label_of_a_zone_rejects_the_others(whole: SchedulerJudge) -> None:
    objects = {"persistentVolumeClaims": [claim()], "persistentVolumes": [volume(labels={ZONE: "a"})]}
    [verdict] = whole.judge([case(**objects)])
    assert verdict.rejected == {
        "node-b": Rejection(plugin="VolumeZone", message="node(s) had no available volume zone")
    }


def test_a_claim_that_waits_is_made_where_its_class_allows(whole: SchedulerJudge) -> None:
    topology = {"matchLabelExpressions": [{"key": ZONE, "values": ["b"]}]}
    objects = {"persistentVolumeClaims": [claim(bound=False)]}
    [verdict] = whole.judge([case(storageClasses=[CLASS | {"allowedTopologies": [topology]}], **objects)])
    assert verdict.accepted == {"node-b"}


def test_a_claim_for_one_pod_is_refused_to_a_second_one(whole: SchedulerJudge) -> None:
    objects = {"persistentVolumeClaims": [claim(mode="ReadWriteOncePod")], "persistentVolumes": [volume()]}
    [verdict] = whole.judge([case(pods=[pod("source", nodeName="node-a")], **objects)])
    assert {reason.plugin for reason in verdict.rejected.values()} == {"VolumeRestrictions"}


def test_a_node_attaches_no_more_volumes_than_its_driver_allows(whole: SchedulerJudge) -> None:
    objects = {
        "persistentVolumeClaims": [claim(), claim("other")],
        "persistentVolumes": [volume(), volume("other")],
        "pods": [pod("other", claim="other", nodeName="node-a")],
    }
    [verdict] = whole.judge([case(**objects)])
    assert verdict.rejected == {
        "node-a": Rejection(plugin="NodeVolumeLimits", message="node(s) exceed max volume count")
    }


def test_objects_of_one_case_are_gone_in_the_next(whole: SchedulerJudge) -> None:
    objects = {"persistentVolumeClaims": [claim()], "persistentVolumes": [volume()]}
    first, second = whole.judge([case(**objects), case()])
    assert first.accepted == {"node-a", "node-b"}
    assert set(second.rejected) == {"node-a", "node-b"}


def test_a_claimed_device_is_looked_for_in_the_slices_of_the_nodes(whole: SchedulerJudge) -> None:
    request = {"name": "gpu", "exactly": {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1}}
    pool = {"name": "node-a", "generation": 1, "resourceSliceCount": 1}
    slices = {"driver": "gpu", "nodeName": "node-a", "pool": pool, "devices": [{"name": "gpu-0"}]}
    claims = {
        "metadata": {"name": "gpu", "namespace": "default"},
        "spec": {"devices": {"requests": [request]}},
    }
    target = pod(volumes=[], resourceClaims=[{"name": "gpu", "resourceClaimName": "gpu"}])
    objects = {
        "deviceClasses": [{"metadata": {"name": "gpu"}}],
        "resourceClaims": [claims],
        "resourceSlices": [{"metadata": {"name": "slice"}, "spec": slices}],
    }
    [verdict] = whole.judge([case(pod=target, **objects)])
    assert verdict.accepted == {"node-a"}
    assert verdict.rejected["node-b"].plugin == "DynamicResources"


@pytest.mark.parametrize(
    ("namespace", "used", "quota"),
    [
        pytest.param(
            "default", "3500m", "exceeded quota: q, requested: cpu=1, used: cpu=3500m, limited: cpu=4", id="full"
        ),
        pytest.param("default", "3", "", id="room for one"),
        pytest.param("another", "4", "", id="another namespace's"),
    ],
)
def test_a_quota_refuses_what_it_has_no_room_for(whole: SchedulerJudge, namespace: str, used: str, quota: str) -> None:
    limits = {
        "metadata": {"name": "q", "namespace": namespace},
        "spec": {"hard": {"cpu": "4"}},
        "status": {"hard": {"cpu": "4"}, "used": {"cpu": used}},
    }
    [verdict] = whole.judge([case(pod=pod(volumes=[]), resourceQuotas=[limits])])
    assert verdict.quota.removeprefix("forbidden: ").endswith(quota)
    assert bool(verdict.quota) == bool(quota)

"""Random volumes and claimed devices in a random cluster."""

from collections.abc import Sequence
from random import Random
from typing import Final

from fidelity.selectors import Json, chance
from fidelity.words import HOSTNAME, NODE_LABELS

ZONE: Final = "topology.kubernetes.io/zone"
DRIVER: Final = "driver.longhorn.io"
CLASS: Final = "longhorn"
LATE_CLASS: Final = "local"
KINDS: Final = {"free": 4, "zone": 4, "label": 5, "host": 2, "late": 4, "early": 1, "exclusive": 2}
"""Kinds of claims and their weights: bound ones by where their volume is, and ones that aren't bound."""
ISCSI: Final = {"targetPortal": "10.0.0.1:3260", "iqn": "iqn.2026-01.example:disk", "lun": 0}
LISTS: Final = ("persistentVolumes", "persistentVolumeClaims", "storageClasses", "csiNodes", "csiDrivers")


def add_volumes(random: Random, case: Json) -> None:
    """Give the target, its source and some other pods volumes; a target that nothing bars keeps some nodes."""
    for name in LISTS:
        case[name] = []
    names = [node["metadata"]["name"] for node in case["nodes"]]
    case["storageClasses"] = _classes(random)
    case["csiDrivers"] = [{"metadata": {"name": DRIVER}, "spec": {"attachRequired": True}}]
    case["csiNodes"] = [_csi_node(random, name) for name in names]
    volumes = [_volume(random, case, index, names) for index in range(random.choice((1, 1, 2)))]
    for pod in case["pods"][:1]:
        pod["spec"]["volumes"] = [volume for volume in volumes if chance(random, 0.9)]
    case["pod"]["spec"]["volumes"] = volumes
    for number, pod in enumerate(case["pods"][1:]):
        if chance(random, 0.5):
            pod["spec"]["volumes"] = [_other(random, case, number, pod["metadata"]["namespace"])]


def _classes(random: Random) -> list[Json]:
    late: Json = {
        "metadata": {"name": LATE_CLASS},
        "provisioner": DRIVER,
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    if chance(random, 0.5):
        zones = random.sample(NODE_LABELS[ZONE], 2)
        late["allowedTopologies"] = [{"matchLabelExpressions": [{"key": ZONE, "values": zones}]}]
    return [{"metadata": {"name": CLASS}, "provisioner": DRIVER, "volumeBindingMode": "Immediate"}, late]


def _csi_node(random: Random, name: str) -> Json:
    driver: Json = {"name": DRIVER, "nodeID": name, "topologyKeys": []}
    if chance(random, 0.7):
        driver["allocatable"] = {"count": random.choice((1, 2, 4, 32))}
    return {"metadata": {"name": name}, "spec": {"drivers": [driver] if chance(random, 0.95) else []}}


def _volume(random: Random, case: Json, index: int, nodes: Sequence[str]) -> Json:
    """Return a volume of the target, and add its claim and what that is bound to."""
    if chance(random, 0.1):
        return {"name": f"disk-{index}", "iscsi": ISCSI}
    claim = f"claim-{index}"
    namespace = case["pod"]["metadata"]["namespace"]
    kind = random.choices(list(KINDS), list(KINDS.values()))[0]
    if chance(random, 0.98):
        case["persistentVolumeClaims"].append(_claim(claim, namespace, kind, random))
    if kind not in {"late", "early"} and chance(random, 0.98):
        case["persistentVolumes"].append(_persistent_volume(random, claim, namespace, kind, nodes))
    return {"name": f"disk-{index}", "persistentVolumeClaim": {"claimName": claim}}


def _claim(name: str, namespace: str, kind: str, random: Random) -> Json:
    mode = "ReadWriteOncePod" if kind == "exclusive" else "ReadWriteMany"
    spec: Json = {
        "accessModes": [mode],
        "storageClassName": LATE_CLASS if kind == "late" else CLASS,
        "resources": {"requests": {"storage": "1Gi"}},
    }
    metadata: Json = {"name": name, "namespace": namespace, "uid": f"uid-of-{namespace}-{name}"}
    if kind in {"late", "early"}:
        return {"metadata": metadata, "spec": spec, "status": {"phase": "Pending"}}
    metadata["annotations"] = {"pv.kubernetes.io/bind-completed": "yes"}
    spec["volumeName"] = f"pv-{namespace}-{name}"
    return {"metadata": metadata, "spec": spec, "status": {"phase": "Lost" if chance(random, 0.02) else "Bound"}}


def _persistent_volume(random: Random, claim: str, namespace: str, kind: str, nodes: Sequence[str]) -> Json:
    spec: Json = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteMany"],
        "storageClassName": CLASS,
        "claimRef": {"name": claim, "namespace": namespace, "uid": f"uid-of-{namespace}-{claim}"},
        "csi": {"driver": DRIVER, "volumeHandle": f"{namespace}-{claim}"},
    }
    zones = random.sample(NODE_LABELS[ZONE], random.randint(1, 3))
    if kind in {"zone", "host"}:
        key, values = (ZONE, zones) if kind == "zone" else (HOSTNAME, random.sample(nodes, min(2, len(nodes))))
        expression = {"key": key, "operator": "In", "values": values}
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}
    labels = {ZONE: "__".join(zones)} if kind == "label" else {}
    metadata = {"name": f"pv-{namespace}-{claim}", "labels": labels}
    return {"metadata": metadata, "spec": spec, "status": {"phase": "Bound"}}


def _other(random: Random, case: Json, number: int, namespace: str) -> Json:
    """Return a volume of another pod: now and then the very disk of the target."""
    if chance(random, 0.2):
        return {"name": "disk", "iscsi": ISCSI}
    claim = f"other-{number}"
    case["persistentVolumeClaims"].append(_claim(claim, namespace, "free", random))
    case["persistentVolumes"].append(_persistent_volume(random, claim, namespace, "free", ()))
    return {"name": "disk", "persistentVolumeClaim": {"claimName": claim}}


def add_devices(random: Random, case: Json) -> None:
    """Let the target claim a device that some nodes have."""
    namespace = case["pod"]["metadata"]["namespace"]
    request = {"name": "gpu", "exactly": {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1}}
    case["deviceClasses"] = [{"metadata": {"name": "gpu"}, "spec": {}}] if chance(random, 0.95) else []
    case["resourceClaims"] = [
        {
            "metadata": {"name": "gpu", "namespace": namespace},
            "spec": {"devices": {"requests": [request]}},
            "status": {},
        }
    ]
    having = [node["metadata"]["name"] for node in case["nodes"] if chance(random, 0.6)]
    case["resourceSlices"] = [_slice(name) for name in having]
    pod = case["pod"]["spec"]
    pod["resourceClaims"] = [{"name": "gpu", "resourceClaimName": "gpu"}]
    compute = pod["containers"][0]
    pod["containers"] = [{**compute, "resources": {**compute["resources"], "claims": [{"name": "gpu"}]}}]


def _slice(node: str) -> Json:
    pool = {"name": node, "generation": 1, "resourceSliceCount": 1}
    spec = {"driver": "gpu.example.com", "nodeName": node, "pool": pool, "devices": [{"name": "gpu-0"}]}
    return {"metadata": {"name": f"slice-{node}"}, "spec": spec}

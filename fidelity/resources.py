"""Random resources in a random cluster: what nodes have to give, and what the pods ask for."""

from random import Random
from typing import Final

from fidelity.selectors import Json, chance, some

MEMORY: Final = ("8Gi", "32Gi", "64Gi")
DEVICES: Final = ("intel.com/sriov_net", "nvidia.com/GRID_T4-1Q")
KVM: Final = "devices.kubevirt.io/kvm"
HUGE: Final = ("hugepages-2Mi", "hugepages-1Gi")


def add_resources(random: Random, case: Json) -> None:
    """Give every node and pod of a case more kinds of resources; the source asks for what the target does."""
    for node in case["nodes"]:
        node["status"]["allocatable"] |= _room(random)
    source, *others = case["pods"]
    _ask(random, case["pod"], large=chance(random, 0.3))
    source["spec"]["containers"] = case["pod"]["spec"]["containers"]
    for pod in others:
        _ask(random, pod, large=chance(random, 0.1))
        if chance(random, 0.05):
            _resize(pod)


def _room(random: Random) -> Json:
    room = {"memory": random.choice(MEMORY), "pods": random.choice(("3", "20", "110")), "ephemeral-storage": "20Gi"}
    if chance(random, 0.95):
        room[KVM] = "1k"
    for name in HUGE:
        if chance(random, 0.6):
            room[name] = random.choice(("0", "2Gi", "8Gi"))
    for name in DEVICES:
        if chance(random, 0.6):
            room[name] = str(random.randint(0, 4))
    return room


def _ask(random: Random, pod: Json, *, large: bool) -> None:
    """Replace what the pod's containers ask for."""
    spec = pod["spec"]
    requests: Json = {"cpu": random.choice(("4", "12") if large else ("100m", "1", "1500m"))}
    requests["memory"] = random.choice(("12Gi", "40Gi") if large else ("256Mi", "1Gi", "2G"))
    limits: Json = {KVM: "1"} if chance(random, 0.3) else {}
    if chance(random, 0.1):
        requests["ephemeral-storage"] = random.choice(("50M", "15Gi"))
    for name in some(random, DEVICES, 1) if chance(random, 0.2) else ():
        limits[name] = str(random.randint(1, 2))
    if chance(random, 0.15):
        limits[random.choice(HUGE)] = "1Gi"
    spec["containers"] = [_container("compute", {"requests": requests | limits, "limits": limits})]
    if chance(random, 0.15):
        spec["initContainers"] = [_starting(random, index) for index in range(random.randint(1, 2))]
    if chance(random, 0.05):
        spec["resources"] = {"requests": {"cpu": "20", "memory": "50Gi"}}


def _starting(random: Random, index: int) -> Json:
    container = _container(f"init-{index}", {"requests": {"cpu": random.choice(("50m", "6")), "memory": "100M"}})
    return container | ({"restartPolicy": "Always"} if chance(random, 0.5) else {})


def _container(name: str, resources: Json) -> Json:
    return {"name": name, "image": "launcher", "resources": resources}


def _resize(pod: Json) -> None:
    """Let the pod still have more CPU than it asks for by now, as while it is made smaller."""
    pod.setdefault("status", {})["containerStatuses"] = [
        {"name": "compute", "resources": {"requests": {"cpu": "6", "memory": "2Gi"}}}
    ]


def add_ports(random: Random, case: Json) -> None:
    """Let some pods listen on ports of their nodes."""
    for pod in (case["pod"], *case["pods"][1:]):
        if pod is case["pod"] or chance(random, 0.3):
            port = {"containerPort": 80, "hostPort": random.choice((8080, 8081)), "protocol": "TCP"}
            pod["spec"]["containers"] = [{**pod["spec"]["containers"][0], "ports": [port]}]


def add_quotas(random: Random, case: Json) -> None:
    """Give the pod's namespace a quota, which may have too little left for it."""
    left = random.choice(("2", "100"))
    hard = {"requests.cpu": "100", "requests.memory": "200Gi", "pods": left}
    used = {"requests.cpu": random.choice(("10", "99500m")), "requests.memory": "100Gi", "pods": "1"}
    metadata = {"name": "limits", "namespace": case["pod"]["metadata"]["namespace"]}
    case["resourceQuotas"] = [{"metadata": metadata, "spec": {"hard": hard}, "status": {"hard": hard, "used": used}}]


def add_heartbeats(random: Random, case: Json) -> None:
    """Say when each node's virt-handler was last heard of."""
    for node in case["nodes"]:
        time = "2026-01-01T00:00:00Z" if chance(random, 0.8) else "2025-12-31T23:00:00Z"
        node["metadata"]["annotations"] = {"kubevirt.io/heartbeat": time}

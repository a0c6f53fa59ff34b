"""A large cluster: many virtual machines on many nodes, of a few kinds each, as real clusters are."""

from collections.abc import Iterator
from typing import Any, Final

Document = dict[str, Any]

MODELS: Final = ("Skylake-Server-noTSX-IBRS", "Cascadelake-Server-noTSX", "Icelake-Server-noTSX")
SHARED_MODEL: Final = "Broadwell-noTSX"


def large_cluster(*, machines: int, nodes: int) -> Iterator[Document]:
    """Yield the objects: nodes, VMIs spread evenly over them with launcher pods and claims; every tenth can't move."""
    yield {
        "apiVersion": "kubevirt.io/v1",
        "kind": "KubeVirt",
        "metadata": {"name": "kubevirt", "namespace": "kubevirt"},
        "status": {"observedKubeVirtVersion": "v1.6.3"},
    }
    for number in range(nodes):
        yield _node(number)
    for number in range(machines):
        yield from _machine(number, f"node-{number % nodes:03}")


def _node(number: int) -> Document:
    name, model = f"node-{number:03}", MODELS[number % len(MODELS)]
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/arch": "amd64",
        "kubevirt.io/schedulable": "true",
        "topology.kubernetes.io/zone": f"zone-{number % 4}",
        f"host-model-cpu.node.kubevirt.io/{model}": "true",
        f"cpu-model-migration.node.kubevirt.io/{model}": "true",
        **{f"cpu-model.node.kubevirt.io/{each}": "true" for each in (SHARED_MODEL, model)},
        **{f"cpu-feature.node.kubevirt.io/feature-{each}": "true" for each in range(40)},
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"unschedulable": number % 50 == 49},
        "status": {
            "allocatable": {"cpu": "64", "memory": "512Gi"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def _machine(number: int, node: str) -> Iterator[Document]:
    namespace, name = f"team-{number % 20:02}", f"vm-{number:05}"
    uid = f"00000000-0000-4000-8000-{number:012}"
    metadata = {"name": name, "namespace": namespace, "uid": uid, "labels": {"app": f"app-{number % 300}"}}
    spec = {
        "architecture": "amd64",
        "evictionStrategy": "LiveMigrate",
        "domain": {
            "cpu": {"model": SHARED_MODEL} if number % 3 == 0 else {},
            "memory": {"guest": f"{4 * (1 + number % 4)}Gi"},
            "devices": {
                "disks": [{"name": "root", "disk": {}}, *([{"name": "iso", "cdrom": {}}] if number % 10 == 0 else [])],
                "interfaces": [{"name": "default", "masquerade": {}}],
            },
        },
        "networks": [{"name": "default", "pod": {}}],
        "volumes": [
            {"name": "root", "persistentVolumeClaim": {"claimName": name}},
            *([{"name": "iso", "persistentVolumeClaim": {"claimName": name}}] if number % 10 == 0 else []),
        ],
    }
    yield {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": metadata,
        "spec": spec,
        "status": {"phase": "Running", "nodeName": node},
    }
    yield {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"accessModes": ["ReadWriteMany"]},
    }
    owner = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "name": name, "uid": uid}
    yield {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"virt-launcher-{name}",
            "namespace": namespace,
            "labels": {"kubevirt.io": "virt-launcher", "kubevirt.io/created-by": uid},
            "ownerReferences": [{**owner, "controller": True}],
        },
        "spec": {
            "nodeName": node,
            "nodeSelector": {"kubevirt.io/schedulable": "true"},
            "containers": [{"name": "compute", "resources": {"requests": {"cpu": "400m", "memory": "4Gi"}}}],
        },
        "status": {"phase": "Running"},
    }

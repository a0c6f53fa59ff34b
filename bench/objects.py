"""The cluster of the benchmark: objects as large as real ones, each made from a few words.

Where a name holds `{n}`, `{node}`, `{team}` or `{version}`, the object is a template from which many are made.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

Object = dict[str, Any]

CPU_MODELS: Final = {"intel": "Skylake-Server-IBRS", "amd": "EPYC-Rome"}
ALIKE: Final = ("Westmere", "SandyBridge", "IvyBridge", "Haswell-noTSX", "Broadwell-noTSX", "Nehalem", "Penryn")
FEATURES: Final = ("aes", "avx", "avx2", "bmi1", "bmi2", "erms", "fsgsbase", "pcid", "rdrand", "smap", "smep", "xsave")
MACHINE: Final = "pc-q35-rhel9.6.0"


def node(name: str, vendor: str) -> Object:
    """Return a node as KubeVirt's node labeller leaves it."""
    model = CPU_MODELS[vendor]
    true = [f"cpu-{kind}.node.kubevirt.io/{each}" for kind in ("model", "model-migration") for each in (model, *ALIKE)]
    true += [f"cpu-feature.node.kubevirt.io/{feature}" for feature in FEATURES]
    true += [f"host-model-cpu.node.kubevirt.io/{model}", "kubevirt.io/schedulable"]
    true += [f"machine-type.node.kubevirt.io/{machine}" for machine in ("q35", MACHINE)]
    labels = dict.fromkeys(true, "true") | {"kubernetes.io/hostname": name, "kubernetes.io/arch": "amd64"}
    room = {"cpu": "64", "memory": "256Gi", "pods": "250", "devices.kubevirt.io/kvm": "1k"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": _metadata(name, labels=labels, annotations={"kubevirt.io/heartbeat": "2026-11-23T20:00:00Z"}),
        "spec": {"podCIDR": "10.42.0.0/24", "providerID": f"rke2://{name}"},
        "status": {
            "capacity": room,
            "allocatable": room,
            "conditions": [
                {"type": kind, "status": status, "reason": f"Kubelet{kind}", "message": f"kubelet reports {kind}"}
                for kind, status in {"MemoryPressure": "False", "DiskPressure": "False", "Ready": "True"}.items()
            ],
            "images": [
                {"names": [f"registry.example/image-{i}@sha256:{'0' * 64}"], "sizeBytes": 1 << 27} for i in range(30)
            ],
        },
    }


def vmi(name: str, namespace: str, on_node: str, changes: Sequence[str] = (), message: str = "") -> Object:
    """Return a running VMI with two shared claims; `changes` are restrictions that it breaks.

    `message` is what virt-handler says of a VMI that can't migrate.
    """
    volumes, disks = _volumes(name, changes), _disks(changes)
    interface: Object = {"name": "default", "model": "virtio", "macAddress": "52:54:00:12:34:56"}
    interface |= {"bridge": {}} if "bridge-network" in changes else {"masquerade": {}}
    devices: Object = {"disks": disks, "interfaces": [interface], "rng": {}, "inputs": [{"name": "tablet"}]}
    if "pci-device" in changes:
        devices["hostDevices"] = [{"name": "network-card", "deviceName": "intel.com/I350"}]
    reason = {"reason": "NotLiveMigratable", "message": message} if message else {}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": _metadata(
            name,
            namespace,
            # A VMI that changes is to be another one for those, too, who only keep what they need of it.
            labels={
                "kubevirt.io/nodeName": on_node,
                "harvesterhci.io/vmName": name,
                "app": "shop",
                "shop.example/revision": "{version}",
            },
            annotations={"harvesterhci.io/sshNames": "[]", "kubevirt.io/latest-observed-api-version": "v1"},
            ownerReferences=[_owner("VirtualMachine", name)],
        ),
        "spec": {
            "architecture": "amd64",
            "domain": {
                "cpu": {"cores": 2, "sockets": 1, "threads": 1},
                "devices": devices,
                "machine": {"type": "q35"},
                "memory": {"guest": "4Gi"},
                "resources": {"limits": {"cpu": "2", "memory": "4Gi"}, "requests": {"cpu": "125m", "memory": "2Gi"}},
            },
            "evictionStrategy": "LiveMigrate",
            "hostname": name,
            "networks": [{"name": "default", "pod": {}}],
            "volumes": volumes,
        },
        "status": {
            "phase": "Running",
            "nodeName": on_node,
            "migrationMethod": "LiveMigration",
            "migrationTransport": "Unix",
            "selinuxContext": "none",
            "machine": {"type": MACHINE},
            "conditions": [
                {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-23T20:00:00Z"},
                {"type": "LiveMigratable", "status": "False" if message else "True", **reason},
            ],
            "interfaces": [{"name": "default", "ipAddress": "10.52.0.7", "ipAddresses": ["10.52.0.7"]}],
            "volumeStatus": [{"name": volume["name"], "target": "vda"} for volume in volumes],
        },
    }


def vm(name: str, namespace: str) -> Object:
    """Return the VM that a healthy VMI belongs to."""
    template = {"metadata": {"labels": {"app": "shop"}}, "spec": vmi(name, namespace, "")["spec"]}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": _metadata(name, namespace, labels={"app": "shop"}),
        "spec": {"runStrategy": "Always", "template": template},
        "status": {"created": True, "ready": True, "printableStatus": "Running"},
    }


def claims(vmi_name: str, namespace: str, changes: Sequence[str] = ()) -> tuple[Object, Object]:
    """Return the two claims of a VMI."""
    mode = "ReadWriteOnce" if "read-write-once" in changes else "ReadWriteMany"
    return (
        _claim(f"{vmi_name}-root", namespace, "ReadWriteMany"),
        _claim(f"{vmi_name}-data", namespace, mode),
    )


def launcher(vmi_name: str, namespace: str, on_node: str) -> Object:
    """Return the virt-launcher pod of a VMI."""
    selector = {"kubernetes.io/arch": "amd64", "kubevirt.io/schedulable": "true"}
    container = {
        "name": "compute",
        "image": "virt-launcher",
        "command": ["/usr/bin/virt-launcher-monitor", "--name", vmi_name],
        "resources": {"requests": {"cpu": "125m", "memory": "2Gi"}, "limits": {"devices.kubevirt.io/kvm": "1"}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(
            f"virt-launcher-{vmi_name}",
            namespace,
            labels={"kubevirt.io": "virt-launcher", "kubevirt.io/created-by": f"uid-{vmi_name}"},
            annotations={"kubevirt.io/domain": vmi_name},
            ownerReferences=[_owner("VirtualMachineInstance", vmi_name)],
        ),
        "spec": {"containers": [container], "nodeName": on_node, "nodeSelector": selector},
        "status": {"phase": "Running", "podIP": "10.52.0.7"},
    }


def namespace(name: str) -> Object:
    """Return a namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": _metadata(name, labels={"team": name})}


def kubevirt() -> Object:
    """Return the KubeVirt resource."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "KubeVirt",
        "metadata": _metadata("kubevirt", "kubevirt"),
        "spec": {"configuration": {}},
        "status": {"phase": "Deployed", "observedKubeVirtVersion": "v1.7.0", "defaultArchitecture": "amd64"},
    }


def compact(document: Object) -> str:
    """Return JSON without blanks."""
    return json.dumps(document, separators=(",", ":"))


def _metadata(name: str, namespace: str = "", *, labels: Mapping[str, str] | None = None, **more: Any) -> Object:
    fields: Object = {f"f:{key}": {} for key in (*(labels or {}), "spec", "status", "ownerReferences", "finalizers")}
    managed = [
        {
            "manager": manager,
            "operation": "Update",
            "apiVersion": "v1",
            "time": "2026-11-23T20:00:00Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:labels": fields, "f:annotations": {".": {}}}, "f:spec": fields},
        }
        for manager in ("virt-controller", "virt-handler")
    ]
    place = {"namespace": namespace} if namespace else {}
    return {
        "name": name,
        **place,
        "uid": f"uid-{name}",
        "resourceVersion": "{version}",
        "generation": 1,
        "creationTimestamp": "2026-11-23T20:00:00Z",
        "labels": dict(labels or {}),
        **more,
        "managedFields": managed,
    }


def _owner(kind: str, name: str) -> Object:
    return {"apiVersion": "kubevirt.io/v1", "kind": kind, "name": name, "uid": f"uid-{name}", "controller": True}


def _claim(name: str, namespace: str, mode: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(name, namespace, annotations={"pv.kubernetes.io/bind-completed": "yes"}),
        "spec": {
            "accessModes": [mode],
            "resources": {"requests": {"storage": "40Gi"}},
            "storageClassName": "longhorn",
            "volumeMode": "Block",
            "volumeName": f"pvc-{name}",
        },
        "status": {"phase": "Bound", "accessModes": [mode], "capacity": {"storage": "40Gi"}},
    }


def _volumes(name: str, changes: Sequence[str]) -> list[Object]:
    volumes: list[Object] = [
        {"name": each, "persistentVolumeClaim": {"claimName": f"{name}-{each}"}} for each in ("root", "data")
    ]
    if "cd-rom" in changes:
        volumes.append({"name": "installer", "cloudInitNoCloud": {"userData": "#cloud-config"}})
    if "container-disk" in changes:
        volumes.append({"name": "tools", "containerDisk": {"image": "registry.example/tools:1"}})
    return volumes


def _disks(changes: Sequence[str]) -> list[Object]:
    disks: list[Object] = [{"name": each, "disk": {"bus": "virtio"}} for each in ("root", "data")]
    if "cd-rom" in changes:
        disks.append({"name": "installer", "cdrom": {"bus": "sata"}})
    if "container-disk" in changes:
        disks.append({"name": "tools", "disk": {"bus": "virtio"}})
    return disks

"""Objects for tests: a minimal valid virtual machine, and what a test changes in it."""

from collections.abc import Iterable, Mapping
from typing import Any

from webhook.objects.fields import Fields
from webhook.objects.vm import read_vm
from webhook.objects.vmi import VirtualMachineInstance, read_vmi
from webhook.state.snapshot import Snapshot, snapshot_of

Document = dict[str, Any]


def a_spec(
    *,
    disks: Iterable[Any] = (),
    volumes: Iterable[Any] = (),
    interfaces: Iterable[Any] = ({"name": "default", "masquerade": {}},),
    networks: Iterable[Any] = ({"name": "default", "pod": {}},),
    devices: Mapping[str, Any] | None = None,
    **spec: Any,
) -> Document:
    """Return the specification of a virtual machine that can migrate, with what is given besides."""
    return {
        "domain": {
            "memory": {"guest": "1Gi"},
            "devices": {"disks": list(disks), "interfaces": list(interfaces), **(devices or {})},
        },
        "networks": list(networks),
        "volumes": list(volumes),
        **spec,
    }


def a_vmi_document(spec: Any = None, *, status: Mapping[str, Any] | None = None, **metadata: Any) -> Document:
    """Return a VMI `default/web` that runs on node-a."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": "web", "namespace": "default", **metadata},
        "spec": a_spec() if spec is None else spec,
        "status": {"phase": "Running", "nodeName": "node-a", **(status or {})},
    }


def a_vmi(spec: Any = None, *, status: Mapping[str, Any] | None = None, **metadata: Any) -> VirtualMachineInstance:
    """Return the view of a VMI `default/web` that runs on node-a."""
    return read_vmi(Fields(a_vmi_document(spec, status=status, **metadata)))


def a_vm_document(
    spec: Any = None,
    *,
    template_metadata: Mapping[str, Any] | None = None,
    claims: Iterable[Any] = (),
    **metadata: Any,
) -> Document:
    """Return a VM `default/web`; `claims` are its dataVolumeTemplates."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": "web", "namespace": "default", **metadata},
        "spec": {
            "dataVolumeTemplates": list(claims),
            "template": {"metadata": dict(template_metadata or {}), "spec": a_spec() if spec is None else spec},
        },
    }


def a_template(spec: Any = None, **vm: Any) -> VirtualMachineInstance:
    """Return what the template of a VM `default/web` would start."""
    return read_vm(Fields(a_vm_document(spec, **vm))).instance


def a_claim(name: str, *modes: str) -> Document:
    """Return a PersistentVolumeClaim in the namespace `default`."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"accessModes": list(modes)},
    }


def a_kubevirt(**configuration: Any) -> Document:
    """Return the KubeVirt resource of the namespace `kubevirt`."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "KubeVirt",
        "metadata": {"name": "kubevirt", "namespace": "kubevirt"},
        "spec": {"configuration": configuration},
    }


def a_cluster(*documents: Document) -> Snapshot:
    """Return a snapshot of a cluster that holds these objects."""
    return snapshot_of(documents)


def a_review(document: Any, *, resource: str, old: Any = None, **request: Any) -> Document:
    """Return an AdmissionReview for the creation of an object, or an update where `old` is given."""
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "u-1",
            "resource": {"group": "kubevirt.io", "version": "v1", "resource": resource},
            "operation": "CREATE" if old is None else "UPDATE",
            "namespace": "default",
            "userInfo": {"username": "alice"},
            "object": document,
            "oldObject": old,
            **request,
        },
    }


def a_node(
    name: str,
    labels: Mapping[str, str | None] | None = None,
    *,
    taints: Iterable[Any] = (),
    spec: Mapping[str, Any] | None = None,
    status: Mapping[str, Any] | None = None,
    **metadata: Any,
) -> Document:
    """Return a node that is ready to take virtual machines; a label with the value None is left out."""
    usual: dict[str, str | None] = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/arch": "amd64",
        "kubevirt.io/schedulable": "true",
        "host-model-cpu.node.kubevirt.io/Skylake": "true",
        "cpu-model-migration.node.kubevirt.io/Skylake": "true",
        "cpu-model.node.kubevirt.io/Penryn": "true",
    }
    carried = {key: value for key, value in {**usual, **(labels or {})}.items() if value is not None}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": carried, **metadata},
        "spec": {"taints": list(taints), **(spec or {})},
        "status": {"conditions": [{"type": "Ready", "status": "True"}], **(status or {})},
    }


def a_pod(
    name: str,
    node: str = "",
    *,
    labels: Mapping[str, str] | None = None,
    spec: Mapping[str, Any] | None = None,
    phase: str = "Running",
    **metadata: Any,
) -> Document:
    """Return a pod `default/NAME` on a node."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": dict(labels or {}), **metadata},
        "spec": {"nodeName": node, **(spec or {})},
        "status": {"phase": phase},
    }


def a_launcher(node: str = "node-a", *, uid: str = "u-web", vmi: str = "web", **pod: Any) -> Document:
    """Return the virt-launcher pod of a VMI `default/web` with the UID `u-web`."""
    owner = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "name": vmi, "uid": uid}
    labels = {"kubevirt.io": "virt-launcher", "kubevirt.io/created-by": uid, **pod.pop("labels", {})}
    pod = {"ownerReferences": [{**owner, "controller": True}], **pod}
    return a_pod(pod.pop("name", f"virt-launcher-{vmi}-{node}"), node, labels=labels, **pod)

"""Virtual machines of the tests on the real control plane: small ones, without volumes that need storage."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from testbed.control_plane import ControlPlane

Object = dict[str, Any]

BRIDGE: Object = {"name": "default", "bridge": {}}
MASQUERADE: Object = {"name": "default", "masquerade": {}}


def a_running_vm(
    name: str,
    *,
    interface: Mapping[str, Any] = MASQUERADE,
    disks: Sequence[Object] = (),
    volumes: Sequence[Object] = (),
    memory: str = "1Gi",
    labels: Mapping[str, str] | None = None,
    **spec: Any,
) -> Object:
    """Return a VM that KubeVirt starts at once."""
    devices = {"interfaces": [dict(interface)], "disks": list(disks)}
    template = {
        "metadata": {"labels": dict(labels or {})},
        "spec": {
            "domain": {"devices": devices, "memory": {"guest": memory}},
            "networks": [{"name": "default", "pod": {}}],
            "volumes": list(volumes),
            **spec,
        },
    }
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": name},
        "spec": {"runStrategy": "Always", "template": template},
    }


def a_migration(name: str, vmi: str, *, finalizers: Sequence[str] = (), **spec: Any) -> Object:
    """Return a migration; a finalizer of the test's own lets it read how the migration ended."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceMigration",
        "metadata": {"name": name, "finalizers": list(finalizers)},
        "spec": {"vmiName": vmi, **spec},
    }


def cpu_labels(host: str, *others: str) -> dict[str, str]:
    """Return what KubeVirt's node labeller says of a CPU: its own model, and all that it supports."""
    models = (host, *others)
    return {
        f"host-model-cpu.node.kubevirt.io/{host}": "true",
        **{f"cpu-model.node.kubevirt.io/{model}": "true" for model in models},
        **{f"cpu-model-migration.node.kubevirt.io/{model}": "true" for model in models},
    }


def apply(plane: ControlPlane, namespace: str, document: Mapping[str, Any], *options: str, user: str = "alice") -> str:
    """Apply an object with kubectl; return all that kubectl prints, warnings and errors first."""
    manifest = json.dumps(document)
    result = plane.kubectl("apply", *options, "-f", "-", namespace=namespace, user=user, stdin=manifest)
    return result.stderr + result.stdout

"""What a VM takes from an instance type or a preference, and where it finds them.

Sources: instancetype.kubevirt.io/v1beta1; KubeVirt keeps the one that a VM was started with as a ControllerRevision,
which has the whole object as its `data`.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from webhook.objects.fields import Fields
from webhook.objects.metadata import Metadata, read_metadata
from webhook.objects.vmi import VirtualMachineInstance, read_instance


class Flavour(Struct, frozen=True, kw_only=True):
    """An instance type or a preference: `instance` is a virtual machine that has what it gives, and nothing else."""

    metadata: Metadata
    instance: VirtualMachineInstance


class Matcher(Struct, frozen=True, kw_only=True):
    """A VM's reference: `kind` is the flavour's, `revision` the ControllerRevision that has it, "" for none."""

    title: str
    kind: str
    name: str
    revision: str = ""


_KINDS: Final = (
    ("instancetype", "instance type", "VirtualMachineClusterInstancetype", "VirtualMachineInstancetype"),
    ("preference", "preference", "VirtualMachineClusterPreference", "VirtualMachinePreference"),
)
"""Field of a VM, what people call it, and the kinds: that of the whole cluster is the default."""


def read_matchers(document: Fields) -> tuple[Matcher, ...]:
    """Read the references of a VM: its instance type first."""
    spec, status = document.object("spec"), document.object("status")
    found = []
    for field, title, cluster, namespaced in _KINDS:
        matcher = spec.object(field)
        if not matcher.text("name"):
            continue
        kept = status.object(f"{field}Ref").object("controllerRevisionRef").text("name")
        is_namespaced = matcher.text("kind").lower().rstrip("s") == namespaced.lower()
        found.append(
            Matcher(
                title=title,
                kind=namespaced if is_namespaced else cluster,
                name=matcher.text("name"),
                revision=matcher.text("revisionName") or kept,
            )
        )
    return tuple(found)


def read_flavour(document: Fields, namespace: str = "") -> Flavour:
    """Read an instance type, a preference, or the ControllerRevision of one."""
    spec = (document.object("data") if document.has("data") else document).object("spec")
    instance = read_instance(Fields({"spec": _as_instance(spec)}), "")
    return Flavour(metadata=read_metadata(document, namespace), instance=instance)


def _as_instance(spec: Fields) -> Mapping[str, Any]:
    """Return the specification of a virtual machine that has what a flavour gives: its fields have other names there.

    It is of Kubernetes' own making; what isn't of its type is absent.
    """
    cpu, features = spec.object("cpu"), spec.object("features")
    return {
        "architecture": spec.text("preferredArchitecture"),
        "nodeSelector": spec.object("nodeSelector").value,
        "domain": {
            "cpu": {
                "cores": cpu.number("guest"),
                "model": cpu.text("model"),
                "dedicatedCpuPlacement": cpu.flag("dedicatedCPUPlacement"),
                "realtime": cpu.value.get("realtime"),
                "features": cpu.value.get("preferredCPUFeatures"),
            },
            "memory": spec.object("memory").value,
            "machine": {"type": spec.object("machine").text("preferredMachineType")},
            "features": {"hyperv": features.value.get("preferredHyperv")},
            "launchSecurity": spec.value.get("launchSecurity", spec.value.get("preferredLaunchSecurity")),
            "devices": {key: spec.value.get(key) for key in ("gpus", "hostDevices")},
        },
    }

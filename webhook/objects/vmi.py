"""VirtualMachineInstance: the virtual machine that runs, or the one that a VM's template would make.

Source: `VirtualMachineInstance` of kubevirt.io/v1. A VMI and a VM template share their specification; `root` is
where the instance stands in its document, so that every rule names the right field for both.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from webhook.objects.devices import Devices, read_devices
from webhook.objects.fields import Fields
from webhook.objects.hardware import Hardware, read_hardware
from webhook.objects.hot_plug import HotPlug, read_hot_plug
from webhook.objects.labels import HARVESTER_TARGET, HOSTNAME
from webhook.objects.metadata import Metadata, read_metadata
from webhook.objects.quantity import read_whole
from webhook.objects.scheduling import Scheduling, read_scheduling

_HOT_PLUGS: Final = frozenset({"HotVCPUChange", "HotMemoryChange"})
"""Conditions of a VMI while KubeVirt plugs CPUs or memory."""


class Condition(Struct, frozen=True, kw_only=True):
    """A status condition; `status` is "True", "False" or "Unknown"."""

    status: str
    reason: str = ""
    message: str = ""


class InstanceStatus(Struct, frozen=True, kw_only=True):
    """What runs now. `node` is "" before the virtual machine has one.

    `moved_bytes` is the capacity of the volumes whose data are moved along (`status.migratedVolumes`). `machine_type`
    is the exact one behind an alias such as `q35`; `tsc_frequency` in Hz, 0 where the guest's clock needs none.
    `active_pods` are the UIDs of its pods as KubeVirt knows them. `moves_to` is the target node of the migration that
    goes on, "" before it has one. `backup` is the one that runs, "" for none; `hot_plugs` tells that CPUs or memory are
    on their way, `plugged` which of them the present pod was not made for.
    """

    phase: str = ""
    node: str = ""
    live_migratable: Condition | None = None
    migrated_volumes: frozenset[str] = frozenset()
    moved_bytes: int = 0
    machine_type: str = ""
    tsc_frequency: int = 0
    moves_to: str = ""
    active_pods: frozenset[str] = frozenset()
    backup: str = ""
    hot_plugs: bool = False
    plugged: HotPlug | None = None


class VirtualMachineInstance(Struct, frozen=True, kw_only=True):
    """A virtual machine that restrictions can judge.

    `root` is "" for a VMI and "spec.template." for a VM's template. `claim_templates` are the claims that come with
    the VM (name to access modes, empty where the storage class decides). `memory` is the guest's in bytes, else what is
    requested, 0 when neither is said. `hostname` is "" where the name serves as one, `scheduler` where kube-scheduler
    places it. `misread` names what could not be read, `unread` the fields that have more entries than are read,
    `unknown` what it is made of besides, and nobody here has seen (`instance type gn1`).
    """

    metadata: Metadata
    devices: Devices
    hardware: Hardware
    scheduling: Scheduling
    status: InstanceStatus
    hostname: str = ""
    scheduler: str = ""
    memory: int = 0
    eviction_strategy: str = ""
    root: str = ""
    claim_templates: Mapping[str, tuple[str, ...]]
    misread: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def is_template(self) -> bool:
        """Tell whether this is what a VM would start, not what runs."""
        return bool(self.root)

    @property
    def title(self) -> str:
        """The virtual machine as people know it: `VM default/web`, `VMI default/web` for one without a VM."""
        kind = "VM" if self.is_template or self.metadata.vm else "VMI"
        return f"{kind} {self.metadata.namespace}/{self.metadata.name}"

    @property
    def harvester_target(self) -> str:
        """The node to which Harvester up to 1.5 is moving it, "" for none: annotation and node selector agree."""
        asked = self.metadata.annotations.get(HARVESTER_TARGET, "")
        agreed = self.scheduling.node_selector.get(HOSTNAME) == asked and asked != self.status.node
        return asked if agreed else ""

    def field(self, path: str) -> str:
        """Return the path in the document of a field of the specification: `spec.volumes[0]`."""
        return f"{self.root}spec.{path}"


def read_vmi(document: Fields, namespace: str = "") -> VirtualMachineInstance:
    """Read a VMI; `namespace` is the request's, for an object that names none."""
    return with_notes(read_instance(document, namespace), document)


def with_notes(instance: VirtualMachineInstance, document: Fields) -> VirtualMachineInstance:
    """Return the instance with what could not be read of its document, which has been read as a whole."""
    notes = document.notes.all()
    return replace(instance, misread=notes, unread=tuple(document.notes.unread)) if notes else instance


def read_instance(document: Fields, namespace: str) -> VirtualMachineInstance:
    """Read the part that a VMI and a VM's template share, a VMI's status with it; first what it is made of."""
    spec = document.object("spec")
    return VirtualMachineInstance(
        devices=read_devices(spec),
        metadata=read_metadata(document, namespace),
        hardware=read_hardware(spec),
        scheduling=read_scheduling(spec),
        hostname=spec.text("hostname"),
        scheduler=spec.text("schedulerName"),
        status=_status(document.object("status"), spec.object("domain")),
        memory=_memory(spec.object("domain")),
        eviction_strategy=spec.text("evictionStrategy"),
        claim_templates={},
    )


def _status(status: Fields, domain: Fields) -> InstanceStatus:
    return InstanceStatus(
        phase=status.text("phase"),
        node=status.text("nodeName"),
        live_migratable=_condition(status, "LiveMigratable"),
        migrated_volumes=frozenset(volume.text("volumeName") for _, volume in status.objects("migratedVolumes")),
        moved_bytes=_moved_bytes(status),
        active_pods=frozenset(status.string_map("activePods")),
        moves_to=_target(status.object("migrationState")),
        machine_type=status.object("machine").text("type"),
        tsc_frequency=max(status.object("topologyHints").number("tscFrequency") or 0, 0),
        plugged=read_hot_plug(domain, status),
        backup=_backup(status.object("changedBlockTracking").object("backupStatus")),
        hot_plugs=any(
            condition.text("type") in _HOT_PLUGS and condition.text("status") == "True"
            for _, condition in status.objects("conditions")
        ),
    )


def _target(migration: Fields) -> str:
    """Return the node to which the virtual machine is moving: the state of the last migration stays behind."""
    return "" if migration.has("endTimestamp") else migration.text("targetNode")


def _backup(status: Fields) -> str:
    return "" if status.flag("completed") else status.text("backupName")


def _memory(domain: Fields) -> int:
    guest = read_whole(domain.object("memory"), "guest")
    return guest or read_whole(domain.object("resources").object("requests"), "memory") or 0


def _moved_bytes(status: Fields) -> int:
    moved = {volume.object("sourcePVCInfo").text("claimName") for _, volume in status.objects("migratedVolumes")}
    claims = [volume.object("persistentVolumeClaimInfo") for _, volume in status.objects("volumeStatus")]
    return sum(read_whole(c.object("capacity"), "storage") or 0 for c in claims if c.text("claimName") in moved)


def _condition(status: Fields, kind: str) -> Condition | None:
    for _, condition in status.objects("conditions"):
        if condition.text("type") == kind:
            return Condition(
                status=condition.text("status"), reason=condition.text("reason"), message=condition.text("message")
            )
    return None

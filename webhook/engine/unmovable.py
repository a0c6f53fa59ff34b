"""What KubeVirt refuses to move by a specification alone, each with its version: a template's owner hears it in time.

Not here is what has a restriction of its own: bridges on the pod network, devices of the node, and claims.
Sources: KubeVirt `calculateLiveMigrationCondition` and `checkVolumesForMigration` in `pkg/virt-handler/vm.go`;
`pkg/network/vmispec/interface.go`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from webhook.engine.wording import quoted
from webhook.objects.kubevirt import KubeVirt
from webhook.objects.labels import TSC_TIMER
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.snapshot import Snapshot

DISKS: Final = "DisksNotLiveMigratable"
_INTERFACE: Final = "InterfaceNotLiveMigratable"
_NO_FREQUENCY: Final = "NoTSCFrequencyNotLiveMigratable"
_NOT_JUDGED: Final = frozenset({"masquerade", "bridge", ""})
"""Bindings of the pod network that migrate, that have a restriction of their own, and none that is known."""
_PASST_MOVES_FROM: Final = (1, 8)


class Unmovable(Struct, frozen=True, kw_only=True):
    """One thing that KubeVirt doesn't move: `reason` is that of its condition, `field` the path in the document."""

    reason: str
    field: str
    problem: str
    remedy: str


class _Encryption(Struct, frozen=True, kw_only=True):
    title: str
    field: str
    reason: str
    since: tuple[int, int] = (0, 0)


_ENCRYPTIONS: Final[Mapping[str, _Encryption]] = {
    "sev": _Encryption(title="SEV", field="domain.launchSecurity.sev", reason="SEVNotLiveMigratable"),
    "sev-snp": _Encryption(
        title="SEV-SNP", field="domain.launchSecurity.snp", reason="SEVNotLiveMigratable", since=(1, 7)
    ),
    "tdx": _Encryption(title="TDX", field="domain.launchSecurity.tdx", reason="TDXNotLiveMigratable", since=(1, 7)),
    "s390-pv": _Encryption(
        title="Secure Execution",
        field="domain.launchSecurity",
        reason="SecureExecutionNotLiveMigratable",
        since=(1, 6),
    ),
}


def unmovable(vmi: VirtualMachineInstance, snapshot: Snapshot) -> Iterator[Unmovable]:
    """Yield all of it. Where KubeVirt's version isn't known, what today's versions refuse."""
    kubevirt = snapshot.kubevirt
    yield from _networks(vmi, kubevirt)
    yield from _encryption(vmi, kubevirt)
    yield from _enlightenments(vmi, snapshot)
    yield from _filesystems_and_luns(vmi, kubevirt)
    for volume in vmi.devices.volumes:
        if volume.source == "hostDisk" and not volume.shared:
            yield Unmovable(
                reason=DISKS,
                field=vmi.field(f"volumes[{volume.index}].hostDisk"),
                problem=f"volume {quoted(volume.name)} is a disk of its node that isn't shared",
                remedy="use a ReadWriteMany volume, or a shared host disk",
            )


def _networks(vmi: VirtualMachineInstance, kubevirt: KubeVirt | None) -> Iterator[Unmovable]:
    pod_networks = {network.name for network in vmi.devices.networks if network.pod}
    for interface in vmi.devices.interfaces:
        if interface.name not in pod_networks or interface.binding in _NOT_JUDGED:
            continue
        if interface.binding == "passtBinding" and not (kubevirt and kubevirt.is_before(*_PASST_MOVES_FROM)):
            continue
        if interface.binding == "binding" and (kubevirt is None or interface.plugin in kubevirt.movable_bindings):
            continue
        by = f"the plugin {quoted(interface.plugin)}" if interface.plugin else interface.binding
        yield Unmovable(
            reason=_INTERFACE,
            field=vmi.field(f"domain.devices.interfaces[{interface.index}].{interface.binding}"),
            problem=f"interface {quoted(interface.name)} is on the management network by {by}, which doesn't migrate",
            remedy="use masquerade, or a plugin that migrates",
        )


def _encryption(vmi: VirtualMachineInstance, kubevirt: KubeVirt | None) -> Iterator[Unmovable]:
    kinds = vmi.hardware.confidential
    for kind, encryption in _ENCRYPTIONS.items():
        if kind not in kinds or (kubevirt and kubevirt.is_before(*encryption.since)):
            continue
        if kind == "sev" and "sev-snp" in kinds:
            continue
        yield Unmovable(
            reason=encryption.reason,
            field=vmi.field(encryption.field),
            problem=f"its memory is encrypted by {encryption.title}, which ties it to its node",
            remedy=f"run it without {encryption.title}, or expect it to be shut down",
        )


def _enlightenments(vmi: VirtualMachineInstance, snapshot: Snapshot) -> Iterator[Unmovable]:
    hardware = vmi.hardware
    if hardware.hyperv_passthrough:
        yield Unmovable(
            reason="HypervPassthroughNotLiveMigratable",
            field=vmi.field("domain.features.hypervPassthrough"),
            problem="it has all Hyper-V enlightenments of its node (hypervPassthrough)",
            remedy="name the enlightenments it needs",
        )
    if not hardware.needs_tsc_frequency or _has_a_frequency(vmi, snapshot):
        return
    invariant = hardware.has_invariant_tsc
    yield Unmovable(
        reason=_NO_FREQUENCY,
        field=vmi.field("domain.cpu.features" if invariant else "domain.features.hyperv.reenlightenment"),
        problem=f"{'invtsc' if invariant else 'reenlightenment'} needs a TSC frequency, and no node publishes one",
        remedy="let the nodes publish their TSC frequency, or do without",
    )


def _has_a_frequency(vmi: VirtualMachineInstance, snapshot: Snapshot) -> bool:
    """Tell whether the guest's clock has a frequency, or before it runs, whether a node could give it one."""
    if vmi.status.node:
        return vmi.status.tsc_frequency > 0 or vmi.hardware.has_invariant_tsc
    nodes = snapshot.nodes
    return not nodes.all or any(True for _ in nodes.keys(TSC_TIMER))


def _filesystems_and_luns(vmi: VirtualMachineInstance, kubevirt: KubeVirt | None) -> Iterator[Unmovable]:
    if kubevirt and kubevirt.is_before(1, 5):
        for index in vmi.devices.virtiofs:
            yield Unmovable(
                reason="VirtIOFSNotLiveMigratable",
                field=vmi.field(f"domain.devices.filesystems[{index}].virtiofs"),
                problem="a filesystem is shared by virtiofs, which KubeVirt moves from 1.5 on",
                remedy="use a disk, or upgrade KubeVirt",
            )
    if kubevirt and kubevirt.is_before(1, 9):
        for disk in vmi.devices.disks:
            if disk.reservation:
                yield Unmovable(
                    reason="PersistentReservationNotLiveMigratable",
                    field=vmi.field(f"domain.devices.disks[{disk.index}].lun.reservation"),
                    problem=f"disk {quoted(disk.name)} is a LUN with a SCSI persistent reservation",
                    remedy="leave out the reservation, or upgrade KubeVirt to 1.9",
                )

"""A volume that only one node can use at a time.

While a virtual machine moves, its pods on both nodes have its volumes open; so each claim must be ReadWriteMany.

Restricted fields: `spec.volumes[*].persistentVolumeClaim` and `.dataVolume`, hot-plugged ones too, whose claim's
`spec.accessModes` lacks ReadWriteMany (ReadWriteOnce, ReadOnlyMany and ReadWriteOncePod alike), or whose claim does
not exist. In a VirtualMachine the claims that come with it are asked first (`dataVolumeTemplates`, and Harvester's
annotation `harvesterhci.io/volumeClaimTemplates`); a claim that is nowhere yet is no fault there.
Allowed: volumes in `status.migratedVolumes`, whose data are being moved, and decentralized migrations.
Remedy: use a ReadWriteMany volume, or remove it.
Source: Harvester's live-migration page; KubeVirt `pkg/virt-handler/vm.go`.
Since: the page of Harvester 1.5; KubeVirt has always refused volumes that aren't shared.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.verdict import Violation
from webhook.engine.wording import listed, named, quoted
from webhook.objects.devices import Volume
from webhook.state.kinds import CLAIM, Reference

ID: Final = "read-write-once"
CONCERN: Final = Concern.VOLUME
REMEDY: Final = "use a ReadWriteMany volume, or remove it"


def check(case: Case) -> Iterator[Violation]:
    """Yield each volume whose claim two nodes can't share."""
    for volume in case.vmi.devices.volumes:
        if volume.claim and volume.name not in case.vmi.status.migrated_volumes:
            yield from _check_claim(case, volume)


def _check_claim(case: Case, volume: Volume) -> Iterator[Violation]:
    modes = _access_modes(case, volume)
    if modes is not None and "ReadWriteMany" in modes:
        return
    namespace = case.vmi.metadata.namespace
    claim = f"PVC {named(namespace)}/{named(volume.claim)}"
    rests_on = frozenset({Reference(kind=CLAIM.name, namespace=namespace, name=volume.claim)})
    field = case.vmi.field(f"volumes[{volume.index}].{volume.source}")
    if modes is None:
        if not case.vmi.is_template:
            yield Violation(
                restriction=ID,
                field=field,
                problem=f"can't tell whether {claim} of volume {quoted(volume.name)} is shared: it does not exist",
                remedy=REMEDY,
                rests_on=rests_on,
            )
    else:
        yield Violation(
            restriction=ID,
            field=field,
            problem=f"{claim} of volume {quoted(volume.name)} is {_said(modes)}, not ReadWriteMany",
            remedy=REMEDY,
            rests_on=rests_on,
        )


def _access_modes(case: Case, volume: Volume) -> tuple[str, ...] | None:
    """Return what is known of the claim's access modes, None when the claim is nowhere."""
    promised = case.vmi.claim_templates.get(volume.claim)
    if promised:
        return promised
    claim = case.snapshot.claim(case.vmi.metadata.namespace, volume.claim)
    return None if claim is None else claim.access_modes


def _said(modes: tuple[str, ...]) -> str:
    return listed(named(mode) for mode in modes) if modes else "without access mode"

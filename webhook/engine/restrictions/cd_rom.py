"""A CD-ROM with a medium in it.

Restricted fields: `spec.domain.devices.disks[*].cdrom` of a disk that has a volume, of whatever kind: an image, a
container disk, a cloud-init volume attached as CD-ROM.
Allowed: an empty drive, that is a disk without a volume of the same name.
Remedy: eject the CD-ROM.
How: in Harvester's dashboard Virtual Machines > (menu of the VM) > Eject CD-ROM, which restarts it up to Harvester
1.7. Or remove the disk from `spec.template.spec.domain.devices.disks` and its volume from `spec.template.spec.volumes`:
`kubectl edit virtualmachine NAME -n NAMESPACE`, then `virtctl restart NAME -n NAMESPACE`.
Source: Harvester's live-migration page (enforced up to Harvester 1.7). KubeVirt itself moves CD-ROMs: off in the
profile `kubevirt`.
Since: Harvester 1.1, until 1.7.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.verdict import RESTART, Violation
from webhook.engine.wording import quoted

ID: Final = "cd-rom"
CONCERN: Final = Concern.VOLUME
REMEDY: Final = "eject the CD-ROM"


def check(case: Case) -> Iterator[Violation]:
    """Yield each CD-ROM that has a volume."""
    devices = case.vmi.devices
    media = {volume.name for volume in devices.volumes}
    for disk in devices.disks:
        if disk.cdrom and disk.name in media:
            yield Violation(
                restriction=ID,
                field=case.vmi.field(f"domain.devices.disks[{disk.index}].cdrom"),
                problem=f"disk {quoted(disk.name)} is a CD-ROM with a volume in it",
                remedy=REMEDY,
                after=RESTART,
            )

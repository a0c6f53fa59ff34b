"""A container disk.

A container disk lives in a container beside the virtual machine; what was written to it stays on the source node.

Restricted fields: `spec.volumes[*].containerDisk`, whatever the disk in front of it.
Remedy: remove the volume.
How: in Harvester's dashboard Virtual Machines > (menu of the VM) > Eject CD-ROM, or Edit Config > Volumes, then
Restart. Or remove the volume from `spec.template.spec.volumes` and its disk from
`spec.template.spec.domain.devices.disks`:
`kubectl edit virtualmachine NAME -n NAMESPACE`, then `virtctl restart NAME -n NAMESPACE`.
Source: Harvester's live-migration page (enforced up to Harvester 1.7). KubeVirt itself copies container disks by
block migration: off in the profile `kubevirt`.
Since: Harvester 1.3, until 1.7.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.verdict import RESTART, Violation
from webhook.engine.wording import quoted

ID: Final = "container-disk"
CONCERN: Final = Concern.VOLUME
REMEDY: Final = "remove the volume and its disk"


def check(case: Case) -> Iterator[Violation]:
    """Yield each volume that is a container disk."""
    for volume in case.vmi.devices.volumes:
        if volume.source == "containerDisk":
            yield Violation(
                restriction=ID,
                field=case.vmi.field(f"volumes[{volume.index}].containerDisk"),
                problem=f"volume {quoted(volume.name)} is a container disk",
                remedy=REMEDY,
                after=RESTART,
            )

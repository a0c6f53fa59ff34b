"""A passed-through device of the node.

A PCI or USB device, a vGPU, or an SR-IOV virtual function claimed as a PCIDevice belongs to one node.

Restricted fields: `spec.domain.devices.hostDevices[*]` and `spec.domain.devices.gpus[*]`.
Allowed: SR-IOV interfaces (`spec.domain.devices.interfaces[*].sriov`), which KubeVirt unplugs and plugs again.
Remedy: detach the device.
Source: Harvester's live-migration page; KubeVirt `pkg/virt-handler/vm.go`.
Since: Harvester 1.3; KubeVirt has always refused devices of the node.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.verdict import Violation
from webhook.engine.wording import named, quoted
from webhook.objects.devices import HostDevice

ID: Final = "pci-device"
CONCERN: Final = Concern.DEVICE
REMEDY: Final = "detach the device"


def check(case: Case) -> Iterator[Violation]:
    """Yield each device that is passed through."""
    for device in case.vmi.devices.host_devices:
        yield Violation(
            restriction=ID,
            field=case.vmi.field(device.field),
            problem=f"device {_title(device)} is passed through from its node",
            remedy=REMEDY,
        )


def _title(device: HostDevice) -> str:
    return f"{quoted(device.name)} ({named(device.device)})" if device.device else quoted(device.name)

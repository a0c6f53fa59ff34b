"""A passed-through device of the node.

A PCI or USB device, a vGPU, or an SR-IOV virtual function claimed as a PCIDevice belongs to one node.

Restricted fields: `spec.domain.devices.hostDevices[*]` and `spec.domain.devices.gpus[*]`.
Allowed: SR-IOV interfaces (`spec.domain.devices.interfaces[*].sriov`), which KubeVirt unplugs and plugs again. From
KubeVirt 1.9 on with the feature gate `VGPULiveMigration` a single vGPU, if its `deviceName` is the resource of a
mediated device in `spec.configuration.permittedHostDevices` of the KubeVirt resource.
Remedy: detach the device.
How: in Harvester's dashboard Virtual Machines > (menu of the VM) > Edit Config > PCI Devices or vGPU Devices, then
Restart. Or remove it from `spec.template.spec.domain.devices`:
`kubectl edit virtualmachine NAME -n NAMESPACE`, then `virtctl restart NAME -n NAMESPACE`.
Source: Harvester's live-migration page; KubeVirt `pkg/virt-handler/vm.go`.
Since: Harvester 1.3; KubeVirt 1.0, which moves one vGPU from 1.9 on.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.verdict import RESTART, Violation
from webhook.engine.wording import named, quoted
from webhook.objects.devices import HostDevice
from webhook.objects.kubevirt import KubeVirt

ID: Final = "pci-device"
CONCERN: Final = Concern.DEVICE
REMEDY: Final = "detach the device"


def check(case: Case) -> Iterator[Violation]:
    """Yield each device that is passed through."""
    devices = case.vmi.devices.host_devices
    if len(devices) == 1 and _moves(devices[0], case.snapshot.kubevirt):
        return
    for device in devices:
        yield Violation(
            restriction=ID,
            field=case.vmi.field(device.field),
            problem=f"device {_title(device)} is passed through from its node",
            remedy=REMEDY,
            after=RESTART,
        )


def _moves(device: HostDevice, kubevirt: KubeVirt | None) -> bool:
    """Tell whether KubeVirt moves the only device of a virtual machine."""
    if kubevirt is None or not (kubevirt.is_at_least(1, 9) and kubevirt.has_gate("VGPULiveMigration")):
        return False
    return device.is_gpu and device.device in kubevirt.movable_gpus


def _title(device: HostDevice) -> str:
    return f"{quoted(device.name)} ({named(device.device)})" if device.device else quoted(device.name)

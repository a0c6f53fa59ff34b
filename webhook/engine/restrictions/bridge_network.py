"""A bridge on the management network.

A virtual machine whose interface has the binding `bridge` on the management (pod) network has the address of its
virt-launcher pod. The pod on the target node gets another address, so the virtual machine can't take its own along.

Restricted fields: `spec.domain.devices.interfaces[*].bridge` with the network of the same name being `pod: {}`.
In the template of a VirtualMachine also none at all: KubeVirt then adds the cluster's default interface, which is
a bridge unless the KubeVirt resource says otherwise (`spec.configuration.network.defaultNetworkInterface`).
Allowed: any other binding, a bridge on a VLAN (multus) network, `autoattachPodInterface: false`, and the annotation
`kubevirt.io/allow-pod-bridge-network-live-migration` on the VMI or the VM's template.
Remedy: use masquerade, or a VLAN (multus) network.
How: in Harvester's dashboard Virtual Machines > (menu of the VM) > Edit Config > Networks, then Restart. Or change
`spec.template.spec.domain.devices.interfaces` and `spec.template.spec.networks`:
`kubectl edit virtualmachine NAME -n NAMESPACE`, then `virtctl restart NAME -n NAMESPACE`.
Source: Harvester's live-migration page; KubeVirt `pkg/network/vmispec/interface.go`.
Since: the first version of the page; KubeVirt knows the annotation from 1.0 on.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.verdict import RESTART, Violation
from webhook.engine.wording import quoted
from webhook.objects.labels import ALLOW_POD_BRIDGE
from webhook.objects.vmi import VirtualMachineInstance

ID: Final = "bridge-network"
CONCERN: Final = Concern.NETWORK
REMEDY: Final = "use masquerade, or a VLAN (multus) network"


def check(case: Case) -> Iterator[Violation]:
    """Yield each interface that bridges the management network."""
    vmi = case.vmi
    if ALLOW_POD_BRIDGE in vmi.metadata.annotations:
        return
    pod_networks = {network.name for network in vmi.devices.networks if network.pod}
    for interface in vmi.devices.interfaces:
        if interface.binding == "bridge" and interface.name in pod_networks:
            yield Violation(
                restriction=ID,
                field=vmi.field(f"domain.devices.interfaces[{interface.index}].bridge"),
                problem=f"interface {quoted(interface.name)} is a bridge on the management network",
                remedy=REMEDY,
                after=RESTART,
            )
    if _gets_the_default_interface(vmi) and _default_is_bridge(case):
        yield Violation(
            restriction=ID,
            field=vmi.field("domain.devices.interfaces"),
            problem="no interface is listed, and the cluster's default is a bridge on the management network",
            remedy=REMEDY,
            after=RESTART,
        )


def _gets_the_default_interface(vmi: VirtualMachineInstance) -> bool:
    devices = vmi.devices
    nothing_listed = not devices.interfaces and not devices.networks
    return vmi.is_template and nothing_listed and devices.autoattach_pod_interface is not False


def _default_is_bridge(case: Case) -> bool:
    kubevirt = case.snapshot.kubevirt
    return kubevirt is None or kubevirt.default_interface == "bridge"

"""KubeVirt refuses some migrations too, with less to say: the person always sees ours."""

from testbed.api import KUBEVIRT, ApiError
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.machines import BRIDGE, a_migration, a_running_vm, apply, cpu_labels
from testbed.service import Service


def test_of_two_refusals_ours_is_seen_fifty_times_in_a_row(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    for node in ("node-a", "node-b"):
        hypervisor.add_node(node, labels=cpu_labels("Skylake-Server-IBRS"))
    apply(control_plane, namespace, a_running_vm("web", interface=BRIDGE))
    reason, message = "InterfaceNotLiveMigratable", "cannot migrate VMI which does not use masquerade"
    hypervisor.launch(namespace, "web", migratable=False, reason=reason, message=message)
    alice = control_plane.api("alice")
    migrations = f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations"

    seen = set()
    for _ in range(50):
        try:
            alice.post(migrations, a_migration("move", "web"))
        except ApiError as error:
            seen.add(error.message)

    assert len(seen) == 1, seen
    [message] = seen
    assert message == (
        'admission webhook "migration.mutate.live-migration-webhook" denied the request: '
        f"VM {namespace}/web cannot be live-migrated: bridge-network: "
        'interface "default" is a bridge on the management network '
        "(spec.template.spec.domain.devices.interfaces[0].bridge). "
        "Use masquerade, or a VLAN (multus) network, then restart the VM. "
        "Help: kubectl livemigration explain bridge-network"
    )

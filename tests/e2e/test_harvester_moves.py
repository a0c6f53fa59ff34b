"""What Harvester's Migrate button writes, release by release: a refusal comes with the first write and leaves nothing.

Harvester updates the VMI as impersonated kubevirt-controller; the other writes are its server's own.
"""

import json
from collections.abc import Callable
from typing import Final

import pytest

from testbed.api import KUBEVIRT, ApiError, Object
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.machines import BRIDGE, MASQUERADE, a_migration, a_running_vm, apply, cpu_labels
from testbed.service import Service

TARGET: Final = "harvesterhci.io/migrationTargetNodeName"
HOSTNAME: Final = "kubernetes.io/hostname"


def write_vmi(plane: ControlPlane, namespace: str, node: str, *, pinned: bool) -> None:
    """Write the wanted node into the VMI; up to Harvester 1.5 it is pinned to it as well."""
    path = f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstances/web"
    vmi = plane.api().get(path)
    vmi["metadata"].setdefault("annotations", {})[TARGET] = node
    if pinned:
        vmi["spec"].setdefault("nodeSelector", {})[HOSTNAME] = node
    plane.api("kubevirt-controller").put(path, vmi)


def move_as_1_4(plane: ControlPlane, namespace: str, node: str) -> None:
    write_vmi(plane, namespace, node, pinned=True)
    create_migration(plane, namespace, a_migration("", "web"))


def move_as_1_6(plane: ControlPlane, namespace: str, node: str) -> None:
    write_vmi(plane, namespace, node, pinned=False)
    template = {"spec": {"template": {"spec": {"nodeSelector": {HOSTNAME: node}}}}}
    plane.api().patch(f"{KUBEVIRT}/namespaces/{namespace}/virtualmachines/web", template)
    create_migration(plane, namespace, a_migration("", "web"))


def move_as_1_7(plane: ControlPlane, namespace: str, node: str) -> None:
    write_vmi(plane, namespace, node, pinned=False)
    create_migration(plane, namespace, a_migration("", "web", addedNodeSelector={HOSTNAME: node}))


def create_migration(plane: ControlPlane, namespace: str, document: Object) -> None:
    document["metadata"] = {"generateName": "web-"}
    plane.api().post(f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations", document)


Move = Callable[[ControlPlane, str, str], None]
RELEASES = pytest.mark.parametrize("move", [move_as_1_4, move_as_1_6, move_as_1_7])


def prepare(plane: ControlPlane, namespace: str, hypervisor: Hypervisor, interface: Object) -> None:
    hypervisor.add_node("node-a", labels=cpu_labels("Skylake-Server-IBRS"))
    apply(plane, namespace, a_running_vm("web", interface=interface))
    hypervisor.launch(namespace, "web")
    hypervisor.add_node("node-b", labels=cpu_labels("Skylake-Server-IBRS"))
    hypervisor.add_node("node-c", labels=cpu_labels("Haswell-noTSX-IBRS"))


def state(plane: ControlPlane, namespace: str) -> tuple[object, ...]:
    """Return all that Harvester writes for a move."""
    api, group = plane.api(), f"{KUBEVIRT}/namespaces/{namespace}"
    vmi = api.get(f"{group}/virtualmachineinstances/web")
    vm = api.get(f"{group}/virtualmachines/web")
    return (
        vmi["metadata"].get("annotations", {}).get(TARGET),
        vmi["spec"].get("nodeSelector"),
        json.dumps(vm["spec"]),
        api.get(f"{group}/virtualmachineinstancemigrations")["items"],
    )


@RELEASES
def test_a_refused_move_leaves_nothing_behind(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor, move: Move
) -> None:
    assert service.is_ready()
    prepare(control_plane, namespace, hypervisor, BRIDGE)
    before = state(control_plane, namespace)

    with pytest.raises(ApiError) as refused:
        move(control_plane, namespace, "node-b")

    assert refused.value.message == (
        'admission webhook "vm.validate.live-migration-webhook" denied the request: '
        f"VM {namespace}/web cannot be live-migrated: bridge-network: "
        'interface "default" is a bridge on the management network '
        "(spec.template.spec.domain.devices.interfaces[0].bridge). "
        "Use masquerade, or a VLAN (multus) network, then restart the VM. "
        "Help: kubectl livemigration explain bridge-network"
    )
    assert state(control_plane, namespace) == before


@RELEASES
def test_a_move_to_a_node_that_can_not_take_the_machine_leaves_nothing_behind(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor, move: Move
) -> None:
    assert service.is_ready()
    prepare(control_plane, namespace, hypervisor, MASQUERADE)
    before = state(control_plane, namespace)

    with pytest.raises(ApiError) as refused:
        move(control_plane, namespace, "node-c")

    assert "target-node: " in refused.value.message
    assert "node-b" in refused.value.message
    assert state(control_plane, namespace) == before


@RELEASES
def test_a_move_that_can_work_goes_through(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor, move: Move
) -> None:
    assert service.is_ready()
    prepare(control_plane, namespace, hypervisor, MASQUERADE)

    move(control_plane, namespace, "node-b")

    [migration] = control_plane.api().get(f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations")[
        "items"
    ]
    target = hypervisor.wait_for_target(namespace, migration["metadata"]["name"])
    assert target["spec"]["nodeName"] == "node-b"

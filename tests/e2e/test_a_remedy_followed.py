"""A remedy followed to its end, as a person follows it while the demonstration is kept open."""

import threading

from demo.caretaker import Caretaker
from testbed.api import KUBEVIRT
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.machines import a_migration, a_running_vm, apply, cpu_labels
from testbed.service import Service

SEED = {"name": "seed", "cdrom": {"bus": "sata"}}
VOLUME = {"name": "seed", "cloudInitNoCloud": {"userData": "#cloud-config"}}


def test_what_was_refused_passes_when_the_remedy_has_been_followed(
    control_plane: ControlPlane, service: Service, hypervisor: Hypervisor, namespace: str
) -> None:
    assert service.is_ready()
    for node in ("node-a", "node-b"):
        hypervisor.add_node(node, labels=cpu_labels("Skylake-Server-IBRS"))
    caretaker = Caretaker(control_plane.api(), hypervisor, namespace)
    looking_after = threading.Thread(target=caretaker.work, daemon=True)
    looking_after.start()
    vmi = f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstances/web"
    move = f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations/move"
    migration = a_migration("move", "web")
    try:
        apply(control_plane, namespace, a_running_vm("web", disks=[SEED], volumes=[VOLUME]))
        first = control_plane.api().wait(vmi, lambda found: found.get("status", {}).get("phase") == "Running")
        refused = apply(control_plane, namespace, migration)
        assert "spec.template.spec.domain.devices.disks[0].cdrom" in refused
        assert "Eject the CD-ROM, then restart the VM." in refused

        assert "configured" in apply(control_plane, namespace, a_running_vm("web"))
        assert "Already changed in the VM: restart it." in apply(control_plane, namespace, migration)

        control_plane.kubectl("delete", "vmi", "web", "--wait=false", namespace=namespace)
        control_plane.api().wait(
            vmi,
            lambda found: (
                found["metadata"]["uid"] != first["metadata"]["uid"] and found["status"].get("phase") == "Running"
            ),
        )
        assert "created" in apply(control_plane, namespace, migration)
        moved = control_plane.api().wait(move, lambda found: found.get("status", {}).get("phase") == "Succeeded")
        assert moved["spec"]["vmiName"] == "web"
    finally:
        caretaker.stop()
        looking_after.join()

"""A drain is never hung: what forbids a person's migration only warns of KubeVirt's own evacuation."""

import os
import subprocess

from testbed.api import KUBEVIRT, Object
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.machines import a_migration, a_running_vm, apply, cpu_labels
from testbed.service import Service

SEED = {"name": "seed", "cloudInitNoCloud": {"userData": "#cloud-config\n{}\n"}}
DRIVE = {"name": "seed", "cdrom": {"bus": "sata"}}
REFUSED = (
    'cd-rom: disk "seed" is a CD-ROM with a volume in it (spec.template.spec.domain.devices.disks[0].cdrom). '
    "Eject the CD-ROM, then restart the VM."
)


def test_a_drained_node_is_emptied_although_a_restriction_is_broken(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    hypervisor.add_node("node-a", labels=cpu_labels("Skylake-Server-IBRS"))
    vm = a_running_vm("web", disks=[DRIVE], volumes=[SEED], evictionStrategy="LiveMigrate")
    assert "a drain moves it all the same" in apply(control_plane, namespace, vm)
    hypervisor.launch(namespace, "web")
    hypervisor.add_node("node-b", labels=cpu_labels("Skylake-Server-IBRS"))
    assert REFUSED in apply(control_plane, namespace, a_migration("by-hand", "web"))

    drain = start_drain(control_plane, "node-a")
    evacuation = wait_for_evacuation(control_plane, namespace)
    hypervisor.migrate(namespace, evacuation)

    output, _ = drain.communicate(timeout=60)
    assert drain.returncode == 0, output
    vmi = control_plane.api().get(f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstances/web")
    assert (vmi["status"]["phase"], vmi["status"]["nodeName"]) == ("Running", "node-b")
    passed = wait_for_event(control_plane, namespace, "VirtualMachine", "MigrationPassed")
    assert passed["message"] == f"VM {namespace}/web cannot be live-migrated: {REFUSED}"


def test_a_refused_person_finds_the_reason_in_the_events_of_the_machine(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    for node in ("node-a", "node-b"):
        hypervisor.add_node(node, labels=cpu_labels("Skylake-Server-IBRS"))
    apply(control_plane, namespace, a_running_vm("web", disks=[DRIVE], volumes=[SEED]))
    hypervisor.launch(namespace, "web")

    for dry_run in (["--dry-run=server"], []):
        assert REFUSED in apply(control_plane, namespace, a_migration("move", "web"), *dry_run)

    for kind in ("VirtualMachineInstance", "VirtualMachine"):
        event = wait_for_event(control_plane, namespace, kind, "MigrationRefused")
        assert event["message"] == f"VM {namespace}/web cannot be live-migrated: {REFUSED}"
        assert event["count"] == 1


def start_drain(plane: ControlPlane, node: str) -> "subprocess.Popen[str]":
    arguments = ["drain", node, "--pod-selector=kubevirt.io=virt-launcher", "--delete-emptydir-data", "--timeout=60s"]
    return subprocess.Popen(
        [plane.programs["leash"], "--", plane.programs["kubectl"], *arguments],
        env=os.environ | plane.environment("admin"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for_evacuation(plane: ControlPlane, namespace: str) -> str:
    path = f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations"
    found = plane.api().wait(path, lambda migrations: bool(migrations["items"]))
    name: str = found["items"][0]["metadata"]["name"]
    assert name.startswith("kubevirt-evacuation-")
    return name


def wait_for_event(plane: ControlPlane, namespace: str, kind: str, reason: str) -> Object:
    selector = f"reason={reason},involvedObject.kind={kind}"
    path = f"/api/v1/namespaces/{namespace}/events?fieldSelector={selector}"
    [event] = plane.api().wait(path, lambda events: bool(events["items"]))["items"]
    found: Object = event
    return found

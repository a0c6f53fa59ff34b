"""What the owner of a virtual machine hears: where to mend it, and what is needed after the mend."""

from typing import Any, Final

import pytest

from testbed.builders import a_claim, a_cluster, a_kubevirt, a_node, a_spec, a_vm_document, a_vmi
from webhook.engine.assessment import Assessment, assess
from webhook.engine.policy import Policy
from webhook.engine.verdict import MESSAGE_LIMIT

OWNER: Final = [{"kind": "VirtualMachine", "name": "web", "uid": "u", "controller": True}]
ISO: Final = {"name": "iso", "cdrom": {"bus": "sata"}}
ROOT: Final = {"name": "root", "disk": {}}
DATA: Final = {"name": "data", "disk": {}}
IMAGE: Final = {"name": "iso", "persistentVolumeClaim": {"claimName": "image"}}
WITH_CD_ROM: Final = a_spec(disks=[ROOT, ISO], volumes=[IMAGE])
RESTART: Final = "virtctl restart web -n default"


def assessed(spec: Any, *documents: Any) -> Assessment:
    cluster = a_cluster(a_node("node-a"), a_node("node-b"), a_kubevirt(), *documents)
    return assess(a_vmi(spec, ownerReferences=OWNER), cluster, Policy())


def a_claim_of_one_node(name: str) -> Any:
    return a_claim(name, "ReadWriteOnce")


def test_a_fault_that_the_vm_has_too_is_named_where_its_owner_writes_it() -> None:
    reordered = a_spec(disks=[ISO, ROOT], volumes=[IMAGE])
    [violation] = assessed(WITH_CD_ROM, a_vm_document(reordered), a_claim("image", "ReadWriteMany")).violations
    assert violation.field == "spec.domain.devices.disks[1].cdrom"
    assert violation.message == (
        'cd-rom: disk "iso" is a CD-ROM with a volume in it (spec.template.spec.domain.devices.disks[0].cdrom). '
        "Eject the CD-ROM, then restart the VM."
    )
    assert [command.text for command in violation.commands] == [
        "kubectl edit virtualmachines.kubevirt.io web -n default",
        RESTART,
    ]


def test_a_fault_that_is_mended_in_the_vm_needs_a_restart_and_nothing_else() -> None:
    [violation] = assessed(WITH_CD_ROM, a_vm_document(), a_claim("image", "ReadWriteMany")).violations
    assert violation.message == (
        'cd-rom: disk "iso" is a CD-ROM with a volume in it (spec.domain.devices.disks[1].cdrom). '
        "Already changed in the VM: restart it."
    )
    assert [command.text for command in violation.commands] == [RESTART]


@pytest.mark.parametrize(
    ("model", "remedy"),
    [
        ("Nowhere", "choose M (2 of 2 nodes) there, or as spec.configuration.cpuModel of the KubeVirt resource"),
        ("M", "already changed in the VM: restart it"),
    ],
)
def test_another_cpu_model_of_the_vm_counts_only_if_nodes_have_it(model: str, remedy: str) -> None:
    nodes = [a_node(name, {"cpu-model.node.kubevirt.io/M": "true"}) for name in ("node-a", "node-b")]
    template = a_vm_document({**a_spec(), "domain": {"cpu": {"model": model}}})
    cluster = a_cluster(*nodes, a_kubevirt(), template)
    vmi = a_vmi({**a_spec(), "domain": {"cpu": {"model": "Absent"}}}, ownerReferences=OWNER)
    [violation] = assess(vmi, cluster, Policy()).violations
    assert violation.restriction == "cpu-model"
    assert violation.remedy.startswith(remedy)


def test_a_claim_that_does_not_exist_is_not_mended_by_the_vm_that_names_it() -> None:
    spec = a_spec(disks=[ROOT], volumes=[{"name": "root", "persistentVolumeClaim": {"claimName": "lost"}}])
    [violation] = assessed(spec, a_vm_document(spec)).violations
    assert violation.remedy == "make the claim, then restart the VM"


@pytest.mark.parametrize(
    ("volume", "remedy"),
    [
        ("root", "use a ReadWriteMany volume, then restart the VM"),
        ("data", "use a ReadWriteMany volume, or remove the volume, then restart the VM"),
        (
            "plugged",
            "use a ReadWriteMany volume, or detach the volume (virtctl removevolume): no restart is needed",
        ),
    ],
)
def test_the_remedy_for_a_volume_is_one_that_is_possible(volume: str, remedy: str) -> None:
    source = {"claimName": "own", **({"hotpluggable": True} if volume == "plugged" else {})}
    disks = [{"name": "root", "disk": {}}, {"name": volume, "disk": {}}]
    spec = a_spec(disks=disks, volumes=[{"name": volume, "persistentVolumeClaim": source}])
    [violation] = assessed(spec, a_vm_document(spec), a_claim_of_one_node("own")).violations
    assert (violation.restriction, violation.remedy) == ("read-write-once", remedy)


def test_the_disk_with_the_first_boot_order_is_the_one_that_is_booted() -> None:
    disks = [{**DATA, "bootOrder": 2}, {**ROOT, "bootOrder": 1}]
    spec = a_spec(disks=disks, volumes=[{"name": "root", "persistentVolumeClaim": {"claimName": "own"}}])
    [violation] = assessed(spec, a_vm_document(spec), a_claim_of_one_node("own")).violations
    assert violation.remedy == "use a ReadWriteMany volume, then restart the VM"


def test_a_virtual_machine_without_a_vm_is_told_nothing_of_one() -> None:
    cluster = a_cluster(a_node("node-a"), a_node("node-b"), a_kubevirt(), a_claim("image", "ReadWriteMany"))
    [violation] = assess(a_vmi(WITH_CD_ROM), cluster, Policy()).violations
    assert (violation.remedy, violation.owner_field, violation.commands) == ("eject the CD-ROM", "", ())


def test_a_denial_has_at_most_300_characters_for_each_restriction() -> None:
    names = [f"node-{'long-' * 20}{number}" for number in range(9)]
    cluster = a_cluster(a_node("node-a"), *(a_node(name, {"kubevirt.io/schedulable": "false"}) for name in names))
    [violation] = assess(a_vmi(ownerReferences=OWNER), cluster, Policy()).violations
    assert len(violation.problem) > MESSAGE_LIMIT
    assert len(violation.message) <= MESSAGE_LIMIT
    assert violation.message.endswith(
        " … (status.nodeName). Mend one of these nodes, or change what the VM asks of its node and restart it."
    )

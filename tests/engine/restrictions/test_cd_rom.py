"""The restriction `cd-rom`."""

from typing import Any

import pytest

from testbed.builders import a_cluster, a_spec, a_template, a_vmi
from webhook.engine.restrictions import cd_rom
from webhook.engine.restrictions.restriction import Case

DRIVE = {"name": "iso", "cdrom": {"bus": "sata"}}
MEDIUM = {"name": "iso", "persistentVolumeClaim": {"claimName": "debian"}}


def test_a_cd_rom_with_a_medium_is_named_with_its_field_and_remedy() -> None:
    vmi = a_vmi(a_spec(disks=[{"name": "root", "disk": {}}, DRIVE], volumes=[MEDIUM]))

    [violation] = cd_rom.check(Case(vmi=vmi, snapshot=a_cluster()))

    assert violation.message == (
        'cd-rom: disk "iso" is a CD-ROM with a volume in it (spec.domain.devices.disks[1].cdrom). Eject the CD-ROM.'
    )


@pytest.mark.parametrize(
    "medium",
    [{"containerDisk": {"image": "x"}}, {"cloudInitNoCloud": {"userData": "x"}}, {"dataVolume": {"name": "d"}}, {}],
    ids=["container disk", "cloud-init", "data volume", "a source of tomorrow"],
)
def test_whatever_the_medium_is(medium: dict[str, Any]) -> None:
    vmi = a_vmi(a_spec(disks=[DRIVE], volumes=[{"name": "iso", **medium}]))

    assert [v.field for v in cd_rom.check(Case(vmi=vmi, snapshot=a_cluster()))] == [
        "spec.domain.devices.disks[0].cdrom"
    ]


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(a_spec(disks=[DRIVE]), id="an empty drive"),
        pytest.param(a_spec(disks=[{"name": "iso", "disk": {}}], volumes=[MEDIUM]), id="an ordinary disk"),
        pytest.param(a_spec(disks=[DRIVE], volumes=[{**MEDIUM, "name": "other"}]), id="a volume of another disk"),
    ],
)
def test_these_disks_can_move(spec: Any) -> None:
    assert not list(cd_rom.check(Case(vmi=a_vmi(spec), snapshot=a_cluster())))


def test_in_a_vm_the_field_is_in_its_template() -> None:
    [violation] = cd_rom.check(Case(vmi=a_template(a_spec(disks=[DRIVE], volumes=[MEDIUM])), snapshot=a_cluster()))

    assert violation.field == "spec.template.spec.domain.devices.disks[0].cdrom"

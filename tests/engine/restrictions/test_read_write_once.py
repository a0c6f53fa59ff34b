"""The restriction `read-write-once`."""

import json
from typing import Any

import pytest

from testbed.builders import a_claim, a_cluster, a_spec, a_template, a_vmi
from webhook.engine.restrictions import read_write_once
from webhook.engine.restrictions.restriction import Case

VOLUME = {"name": "root", "persistentVolumeClaim": {"claimName": "web-root"}}
DATA_VOLUME = {"name": "root", "dataVolume": {"name": "web-root"}}


def problems(vmi: Any, *claims: Any) -> list[str]:
    return [v.problem for v in read_write_once.check(Case(vmi=vmi, snapshot=a_cluster(*claims)))]


def test_a_claim_of_one_node_is_named_with_its_field_and_remedy() -> None:
    case = Case(vmi=a_vmi(a_spec(volumes=[VOLUME])), snapshot=a_cluster(a_claim("web-root", "ReadWriteOnce")))

    [violation] = read_write_once.check(case)

    assert violation.message == (
        'read-write-once: PVC default/web-root of volume "root" is ReadWriteOnce, not ReadWriteMany '
        "(spec.volumes[0].persistentVolumeClaim). Use a ReadWriteMany volume, or remove the volume."
    )


@pytest.mark.parametrize("volume", [VOLUME, DATA_VOLUME], ids=["claim", "data volume"])
@pytest.mark.parametrize(
    ("modes", "said"),
    [
        (["ReadWriteOnce"], "ReadWriteOnce"),
        (["ReadOnlyMany"], "ReadOnlyMany"),
        (["ReadWriteOncePod"], "ReadWriteOncePod"),
        (["ReadWriteOnce", "ReadOnlyMany"], "ReadWriteOnce and ReadOnlyMany"),
        ([], "without access mode"),
    ],
)
def test_every_mode_but_read_write_many_is_refused(volume: Any, modes: list[str], said: str) -> None:
    vmi = a_vmi(a_spec(volumes=[volume]))

    assert problems(vmi, a_claim("web-root", *modes)) == [
        f'PVC default/web-root of volume "root" is {said}, not ReadWriteMany'
    ]


@pytest.mark.parametrize("modes", [["ReadWriteMany"], ["ReadWriteOnce", "ReadWriteMany"]])
def test_a_shared_claim_can_move(modes: list[str]) -> None:
    assert not problems(a_vmi(a_spec(volumes=[VOLUME])), a_claim("web-root", *modes))


def test_a_missing_claim_of_a_running_machine_is_refused() -> None:
    assert problems(a_vmi(a_spec(volumes=[VOLUME]))) == [
        'can\'t tell whether PVC default/web-root of volume "root" is shared: it does not exist'
    ]


def test_a_volume_whose_data_are_being_moved_is_exempt() -> None:
    vmi = a_vmi(a_spec(volumes=[VOLUME]), status={"migratedVolumes": [{"volumeName": "root"}]})

    assert not problems(vmi, a_claim("web-root", "ReadWriteOnce"))


@pytest.mark.parametrize("source", ["cloudInitNoCloud", "containerDisk", "emptyDisk", "hostDisk", "configMap"])
def test_volumes_without_a_claim_are_none_of_its_business(source: str) -> None:
    assert not problems(a_vmi(a_spec(volumes=[{"name": "root", source: {}}])))


@pytest.mark.parametrize("key", ["pvc", "storage"])
@pytest.mark.parametrize(("mode", "broken"), [("ReadWriteOnce", True), ("ReadWriteMany", False)])
def test_a_claim_that_comes_with_the_vm_is_asked_first(key: str, mode: str, broken: bool) -> None:  # noqa: FBT001
    claims = [{"metadata": {"name": "web-root"}, "spec": {key: {"accessModes": [mode]}}}]

    assert bool(problems(a_template(a_spec(volumes=[DATA_VOLUME]), claims=claims))) is broken


@pytest.mark.parametrize(("mode", "broken"), [("ReadWriteOnce", True), ("ReadWriteMany", False)])
def test_a_claim_in_the_annotation_of_harvester_is_asked_first(mode: str, broken: bool) -> None:  # noqa: FBT001
    claims = json.dumps([{"metadata": {"name": "web-root"}, "spec": {"accessModes": [mode]}}])
    vmi = a_template(a_spec(volumes=[VOLUME]), annotations={"harvesterhci.io/volumeClaimTemplates": claims})

    assert bool(problems(vmi)) is broken


def test_a_claim_that_is_nowhere_yet_is_no_fault_of_a_vm() -> None:
    assert not problems(a_template(a_spec(volumes=[VOLUME])))


def test_an_existing_claim_is_asked_where_the_template_leaves_the_mode_open() -> None:
    claims = [{"metadata": {"name": "web-root"}, "spec": {"storage": {}}}]
    vmi = a_template(a_spec(volumes=[DATA_VOLUME]), claims=claims)

    assert problems(vmi, a_claim("web-root", "ReadWriteOnce"))
    assert not problems(vmi)


@pytest.mark.parametrize("annotation", ["", "{", "3", '{"a": 1}', "[null, 3, {}]", '[{"spec": {"accessModes": 7}}]'])
def test_an_annotation_that_is_no_list_of_claims_is_no_claim(annotation: str) -> None:
    vmi = a_template(a_spec(volumes=[VOLUME]), annotations={"harvesterhci.io/volumeClaimTemplates": annotation})

    assert not problems(vmi)

"""The restriction `container-disk`."""

import pytest

from testbed.builders import a_cluster, a_spec, a_vmi
from webhook.engine.restrictions import container_disk
from webhook.engine.restrictions.restriction import Case


def test_a_container_disk_is_named_with_its_field_and_remedy() -> None:
    vmi = a_vmi(a_spec(volumes=[{"name": "tools", "containerDisk": {"image": "registry.example/tools"}}]))

    [violation] = container_disk.check(Case(vmi=vmi, snapshot=a_cluster()))

    assert violation.message == (
        'container-disk: volume "tools" is a container disk (spec.volumes[0].containerDisk). '
        "Remove the volume and its disk."
    )


@pytest.mark.parametrize("source", ["persistentVolumeClaim", "dataVolume", "cloudInitNoCloud", "emptyDisk", "secret"])
def test_other_volumes_are_none(source: str) -> None:
    vmi = a_vmi(a_spec(volumes=[{"name": "data", source: {}}]))

    assert not list(container_disk.check(Case(vmi=vmi, snapshot=a_cluster())))

"""What holds for every restriction."""

from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.bending import bent
from testbed.builders import (
    a_claim,
    a_cluster,
    a_kubevirt,
    a_launcher,
    a_node,
    a_spec,
    a_vm_document,
    a_vmi_document,
)
from webhook.engine import restrictions
from webhook.engine.assessment import Assessment, assess
from webhook.engine.policy import Policy
from webhook.engine.restrictions.restriction import Restriction
from webhook.objects.fields import Fields
from webhook.objects.migration import read_migration
from webhook.objects.vm import read_vm
from webhook.objects.vmi import read_vmi

IMMOVABLE: Final = a_spec(
    disks=[{"name": "iso", "cdrom": {"bus": "sata"}}, {"name": "root", "disk": {"bus": "virtio"}}],
    volumes=[
        {"name": "iso", "containerDisk": {"image": "debian"}},
        {"name": "root", "persistentVolumeClaim": {"claimName": "root"}},
    ],
    interfaces=[{"name": "default", "bridge": {}}],
    devices={"hostDevices": [{"name": "nic", "deviceName": "intel.com/nic"}], "gpus": [{"name": "gpu"}]},
)
"""It breaks every restriction about what a virtual machine is made of."""
SEV: Final = {"type": "LiveMigratable", "status": "False", "reason": "SEVNotLiveMigratable", "message": "SEV is used"}
VMIS: Final = (
    a_vmi_document(IMMOVABLE, status={"conditions": [SEV]}, uid="u-web"),
    a_vmi_document(a_spec(nodeSelector={"disk": "ssd"}), uid="u-web"),
    a_vmi_document(a_spec(architecture="amd64") | {"domain": {"cpu": {"model": "Icelake"}}}, uid="u-web"),
)
"""The second has no node to go to, the third no CPU elsewhere."""
MIGRATIONS: Final = (
    {"metadata": {"name": "move"}, "spec": {"vmiName": "web"}},
    {
        "metadata": {"name": "move"},
        "spec": {"vmiName": "web", "addedNodeSelector": {"kubernetes.io/hostname": "node-z"}},
    },
    {"metadata": {"name": "move"}, "spec": {"vmiName": "web", "sendTo": {"migrationID": "1"}}},
)
CLUSTER: Final = a_cluster(
    a_kubevirt(), a_node("node-a"), a_node("node-b"), a_launcher(), a_claim("root", "ReadWriteOnce")
)
vmis: Final = st.one_of(*map(bent, VMIS))
migrations: Final = st.none() | st.one_of(*map(bent, MIGRATIONS))


def judged(vmi: Any, migration: Any) -> Assessment:
    """Judge a VMI and a migration as they come from the API server."""
    return assess(
        read_vmi(Fields(vmi)), CLUSTER, Policy(), None if migration is None else read_migration(Fields(migration))
    )


def test_the_list_names_every_module_of_the_folder() -> None:
    folder = Path(restrictions.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "restriction"}

    assert {restriction.ID.replace("-", "_") for restriction in restrictions.ALL} == modules


@pytest.mark.parametrize("restriction", restrictions.ALL, ids=lambda restriction: restriction.ID)
def test_its_documentation_tells_the_remedy_the_source_and_since_when(restriction: Restriction) -> None:
    documentation = restriction.__doc__ or ""

    for part in ("Remedy: ", "Source: ", "Since: "):
        assert part in documentation


@given(vmi=vmis, migration=migrations)
def test_no_virtual_machine_makes_a_rule_fail(vmi: Any, migration: Any) -> None:
    for violation in judged(vmi, migration).violations:
        assert violation.message.isprintable()


@given(vm=bent(a_vm_document(IMMOVABLE)))
def test_no_vm_makes_a_rule_fail(vm: Any) -> None:
    assess(read_vm(Fields(vm)).instance, CLUSTER, Policy())


def test_each_restriction_is_broken_in_a_good_part_of_these_examples() -> None:
    broken: Counter[str] = Counter()

    @settings(max_examples=300, derandomize=True, database=None)
    @given(vmi=vmis, migration=migrations)
    def count(vmi: Any, migration: Any) -> None:
        broken.update({violation.restriction for violation in judged(vmi, migration).violations})

    count()
    assert {each.ID for each in restrictions.ALL if broken[each.ID] < 15} == set(), broken

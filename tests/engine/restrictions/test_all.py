"""What holds for every restriction."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.builders import a_claim, a_cluster, a_kubevirt, a_vm_document, a_vmi_document
from webhook.engine import restrictions
from webhook.engine.assessment import assess
from webhook.engine.policy import Policy
from webhook.engine.restrictions.restriction import Restriction
from webhook.objects.fields import Fields
from webhook.objects.vm import read_vm
from webhook.objects.vmi import read_vmi

KEYS = ["domain", "devices", "disks", "cdrom", "name", "interfaces", "bridge", "networks", "pod", "volumes"]
KEYS += ["persistentVolumeClaim", "claimName", "hostDevices", "template", "spec", "metadata", "annotations"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["default", "web", "pod"]),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            children,
            max_size=5,
        )
    ),
    max_leaves=40,
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


@given(spec=JSON, status=JSON)
def test_no_specification_makes_a_rule_fail(spec: Any, status: Any) -> None:
    cluster = a_cluster(a_claim("web", "ReadWriteOnce"), a_kubevirt())
    document = {**a_vmi_document(), "spec": spec, "status": status}

    assess(read_vmi(Fields(document)), cluster, Policy())


@given(spec=JSON)
def test_no_vm_makes_a_rule_fail(spec: Any) -> None:
    assess(read_vm(Fields({**a_vm_document(), "spec": spec})).instance, a_cluster(), Policy())

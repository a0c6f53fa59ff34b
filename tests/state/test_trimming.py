"""Views that are kept for long say the same to rules, in less memory."""

import gc
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.builders import a_claim, a_kubevirt, a_spec, a_vm_document, a_vmi_document
from webhook.objects.fields import Fields
from webhook.state.kinds import BY_NAME, CLAIM, NAMESPACE, VMI

DISKS = [{"name": "root", "disk": {"bus": "virtio"}}, {"name": "iso", "cdrom": {"bus": "sata"}}]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(a_vmi_document(a_spec(disks=DISKS), labels={"app": "web"}), id="VMI"),
        pytest.param(a_vm_document(a_spec(disks=DISKS), annotations={"harvesterhci.io/x": "[]"}), id="VM"),
        pytest.param(a_kubevirt(), id="KubeVirt"),
        pytest.param(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "labels": {"a": "b"}}},
            id="Namespace",
        ),
    ],
)
def test_a_kept_view_is_equal_to_what_was_read(document: Any) -> None:
    kind = BY_NAME[document["kind"]]

    assert kind.view(document)[1] == kind.read(Fields(document))


def test_virtual_machines_that_look_alike_share_their_devices() -> None:
    one, other = (
        VMI.view(a_vmi_document(a_spec(disks=[dict(disk) for disk in DISKS]), name=name))[1] for name in ("a", "b")
    )

    assert one.devices is other.devices
    assert one.metadata.labels is other.metadata.labels
    assert one.metadata.name == "a"


def test_of_a_claim_only_the_name_and_the_access_modes_are_kept() -> None:
    document = a_claim("root", "ReadWriteMany")
    document["metadata"] |= {"uid": "1", "labels": {"app": "web"}, "annotations": {"harvesterhci.io/x": "y"}}

    kept = CLAIM.view(document)[1]

    assert kept.access_modes == ("ReadWriteMany",)
    assert kept.metadata.key == ("default", "root")
    assert (kept.metadata.uid, kept.metadata.labels, kept.metadata.annotations) == ("", {}, {})


@pytest.mark.parametrize(
    ("annotation", "kept"),
    [
        ("kubevirt.io/allow-pod-bridge-network-live-migration", True),
        ("harvesterhci.io/maintain-status", True),
        ("network.harvesterhci.io/mgmt", True),
        ("live-migration-webhook/eligible-nodes", True),
        ("kubectl.kubernetes.io/last-applied-configuration", False),
        ("kubevirt.io.example.org/notes", False),
        ("notes", False),
    ],
)
def test_annotations_are_kept_when_a_rule_may_read_them(annotation: str, *, kept: bool) -> None:
    document = {"metadata": {"name": "default", "annotations": {annotation: "text"}}}

    assert (annotation in NAMESPACE.view(document)[1].annotations) is kept


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
NONSENSE = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("metadata", "spec", "status"), JSON)
) | st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("name", "namespace", "labels", "annotations", "ownerReferences"), JSON)
        ),
        "spec": st.fixed_dictionaries({}, optional=dict.fromkeys(("domain", "volumes", "accessModes", "taints"), JSON)),
    }
)


@pytest.mark.parametrize("name", sorted(BY_NAME))
@given(document=NONSENSE)
def test_no_object_is_too_strange_to_be_kept(name: str, document: dict[str, Any]) -> None:
    first, second = BY_NAME[name].view(document), BY_NAME[name].view(document)

    assert first == second


def test_nothing_long_stays_once_its_object_is_gone() -> None:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(100):
            long = f"{number}-{'x' * 100_000}"
            VMI.view(a_vmi_document(a_spec(nodeSelector={long: "a", "b": long}), name="web", labels={long: long}))
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert after - before < 5 * 100_000

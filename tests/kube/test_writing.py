"""Writing to a real API server: who creates, changes and deletes what, and what it refuses."""

from collections.abc import Iterator
from typing import Any

import pytest

from testbed.api import Api as Admin
from testbed.builders import a_vmi_document
from testbed.control_plane import ControlPlane
from webhook.kube.api import Api, connect
from webhook.kube.refusals import Conflict, Forbidden, NotFound, Rejected
from webhook.kube.resources import SECRET
from webhook.state.kinds import VM, VMI

HOLDING: dict[str, Any] = {"data": {"a": "YQ==", "b": "Yg=="}}


@pytest.fixture
def api(bare_plane: ControlPlane) -> Iterator[Api]:
    """Connect as a user who may do everything."""
    connected = connect(str(bare_plane.kubeconfig()), agent="some-program")
    yield connected
    connected.close()


def test_an_object_is_created_refused_and_deleted(bare_plane: ControlPlane, place: str) -> None:
    api = connect(str(bare_plane.kubeconfig()))
    document = a_vmi_document(name="mine")
    document["metadata"]["namespace"] = place

    assert api.create(VMI, place, document, timeout=5)["metadata"]["uid"]
    with pytest.raises(Rejected, match='"mine" already exists'):
        api.create(VMI, place, document, timeout=5)
    api.delete(VMI, place, "mine", timeout=5)
    with pytest.raises(Forbidden, match="no right to create virtualmachines: a role needs"):
        connect(str(bare_plane.kubeconfig("alice"))).create(VM, place, {}, timeout=5)


def test_a_field_that_the_api_server_does_not_know_is_not_left_out_in_silence(api: Api, place: str) -> None:
    document = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mine"}, "addedNodeSelector": {}}

    with pytest.raises(Rejected, match='unknown field "addedNodeSelector"'):
        api.create(SECRET, place, document, timeout=5)


def test_what_is_created_by_name_must_not_be_there_yet(api: Api, place: str) -> None:
    created = api.create_named(SECRET, place, "x", HOLDING, timeout=5)
    assert (created["kind"], created["data"]) == ("Secret", HOLDING["data"])

    with pytest.raises(Conflict):
        api.create_named(SECRET, place, "x", HOLDING, timeout=5)


def test_what_is_merged_must_be_as_it_was_read(api: Api, place: str) -> None:
    version = api.create_named(SECRET, place, "x", HOLDING, timeout=5)["metadata"]["resourceVersion"]

    assert api.merge(SECRET, place, "x", version, {"data": {"a": None}}, timeout=5)["data"] == {"b": "Yg=="}
    with pytest.raises(Conflict):
        api.merge(SECRET, place, "x", version, {"data": {"b": None}}, timeout=5)
    with pytest.raises(NotFound):
        api.merge(SECRET, place, "y", version, {"data": {"b": None}}, timeout=5)


def test_a_patch_may_ask_for_a_version_and_test_a_field(api: Api, place: str) -> None:
    version = api.create_named(SECRET, place, "x", HOLDING, timeout=5)["metadata"]["resourceVersion"]
    as_read = {"op": "replace", "path": "/metadata/resourceVersion", "value": version}
    change = {"op": "remove", "path": "/data/a"}

    assert api.patch(SECRET, place, "x", [as_read, change], timeout=5)["data"] == {"b": "Yg=="}
    with pytest.raises(Conflict):
        api.patch(SECRET, place, "x", [as_read, {"op": "remove", "path": "/data/b"}], timeout=5)
    with pytest.raises(Rejected):
        api.patch(SECRET, place, "x", [{"op": "test", "path": "/data/b", "value": "other"}], timeout=5)


def test_what_is_written_is_the_programs(api: Api, admin: Admin, place: str) -> None:
    version = api.create_named(SECRET, place, "x", HOLDING, timeout=5)["metadata"]["resourceVersion"]
    api.merge(SECRET, place, "x", version, {"data": {"a": None}}, timeout=5)

    fields = admin.get(SECRET.path(place, "x"))["metadata"]["managedFields"]
    assert {each["manager"] for each in fields} == {"some-program"}

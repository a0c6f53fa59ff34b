"""Every fixture of a migration, by `kubectl apply` on the real API server, with KubeVirt's admission beside ours.

virt-controller stands still meanwhile: it would end the virtual machines of the fixtures, which no pod runs.
"""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any, Final

import pytest

from testbed.api import KUBEVIRT
from testbed.control_plane import ControlPlane
from testbed.fixture_files import Fixture, fixtures
from testbed.hypervisor import NODES
from testbed.kubevirt_objects import CUSTOM_RESOURCES
from testbed.namespaces import create_namespace, remove_namespace
from tests.e2e.conftest import VARIANT, ServiceFor, variant

GATES: Final = ["HostDevices", "GPU", "DecentralizedLiveMigration", "DeclarativeHotplugVolumes"]
USERS: Final = {"system:serviceaccount:kubevirt:kubevirt-controller": "kubevirt-controller"}
MIGRATIONS: Final = [
    fixture
    for fixture in fixtures()
    if fixture.resource == "virtualmachineinstancemigrations" and fixture.expected.get("kubectl") != "not possible"
]


@pytest.fixture(scope="module", autouse=True)
def _kubevirt_that_only_admits(control_plane: ControlPlane) -> Iterator[None]:
    path = f"{CUSTOM_RESOURCES}/kubevirt"
    admin = control_plane.api()
    control_plane.processes["virt-controller"].stop()
    admin.patch(path, {"spec": {"configuration": {"developerConfiguration": {"featureGates": GATES}}}})
    yield
    admin.patch(path, {"spec": {"configuration": {"developerConfiguration": {"featureGates": None}}}})
    control_plane.processes["virt-controller"].start()


@pytest.fixture
def place(control_plane: ControlPlane, fixture: Fixture) -> Iterator[str]:
    """Make a namespace whose migrations are judged with the fixture's settings."""
    name = f"shop-{uuid.uuid4().hex[:8]}"
    labels = {VARIANT: variant(fixture.expected["settings"])} if "settings" in fixture.expected else {}
    create_namespace(control_plane.api(), name, labels=labels)
    yield name
    remove_namespace(control_plane.api(), name)
    for document in fixture.cluster:
        if document["kind"] == "Node":
            control_plane.api().delete(f"{NODES}/{document['metadata']['name']}")


@pytest.mark.parametrize("fixture", MIGRATIONS, ids=lambda fixture: fixture.name)
def test_kubectl_shows_what_the_fixture_tells(
    control_plane: ControlPlane, service_for: ServiceFor, place: str, fixture: Fixture
) -> None:
    service_for(fixture.expected.get("settings", {}))
    for document in fixture.cluster:
        _create(control_plane, _in_namespace(document, place), place)
    request = _in_namespace(fixture.review, place)["request"]

    result = control_plane.kubectl(
        "apply",
        "-f",
        "-",
        namespace=place,
        user=USERS.get(request["userInfo"]["username"], "alice"),
        stdin=json.dumps(request["object"]),
    )

    expected = _in_namespace(dict(fixture.expected), place)
    *warnings, answer = _answer(result.stdout, result.stderr)
    assert warnings == [f"Warning: {warning}" for warning in expected.get("warnings", [])]
    if not expected["allowed"]:
        assert answer == (
            'Error from server (Forbidden): error when creating "STDIN": admission webhook '
            f'"migration.mutate.live-migration-webhook" denied the request: {expected["message"]}'
        )
    elif "kubectl" in expected:
        assert expected["kubectl"] in answer
        assert "live-migration-webhook" not in answer
    else:
        assert answer == "virtualmachineinstancemigration.kubevirt.io/move-web created"


def _answer(stdout: str, stderr: str) -> list[str]:
    """Return warnings, each one line, and then the answer, which may have several."""
    lines = (stderr + stdout).strip().split("\n")
    warnings = [line for line in lines if line.startswith("Warning: ")]
    return [*warnings, "\n".join(line for line in lines if line not in warnings)]


def _in_namespace(document: Any, name: str) -> Any:
    return json.loads(re.sub(r"\bshop\b", name, json.dumps(document)))


def _create(plane: ControlPlane, document: Any, namespace: str) -> None:
    kind, name = document["kind"], document["metadata"]["name"]
    if kind == "KubeVirt":
        return
    created = plane.kubectl("create", "-f", "-", namespace=namespace, stdin=json.dumps(document))
    assert created.returncode == 0, created.stderr
    if kind == "Node":
        _report(plane, f"{NODES}/{name}", document)
        # A new node is tainted as not ready, which another controller would take back.
        plane.api().patch(f"{NODES}/{name}", {"spec": {"taints": document.get("spec", {}).get("taints")}})
    elif kind == "Pod":
        _report(plane, f"/api/v1/namespaces/{namespace}/pods/{name}", document)
    elif status := document.get("status"):
        path = f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstances/{name}"
        plane.api("kubevirt-handler").put(path, {**plane.api().get(path), "status": status})


def _report(plane: ControlPlane, path: str, document: Any) -> None:
    """Write the status of a node or a pod, as kubelet does."""
    plane.api().patch(f"{path}/status", {"status": document["status"]})

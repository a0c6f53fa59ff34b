"""How long a person waits while the service's node or network is away: connections are taken, and nobody answers."""

import json
import socket
import uuid
from collections.abc import Iterator
from typing import Any, Final

import pytest

from testbed.chart import webhook_configurations
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.machines import a_migration, a_running_vm, apply, cpu_labels
from testbed.processes import LOOPBACK

PATIENCE: Final = 5
"""Seconds that the hooks may cost in all."""
ELSE: Final = 2
"""Seconds for everything else that the API server does."""
REGISTRATIONS: Final = "/apis/admissionregistration.k8s.io/v1"
HOOKS: Final = ("validateMigrations", "validateVirtualMachines", "mutateMigrations", "mutatePods")

Object = dict[str, Any]


@pytest.fixture
def silent(control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor) -> Iterator[None]:
    """Run a VM, then register all hooks as they are by default at an address where nobody answers."""
    for node in ("node-a", "node-b"):
        hypervisor.add_node(node, labels=cpu_labels("Skylake-Server-IBRS"))
    apply(control_plane, namespace, a_running_vm("web"))
    hypervisor.launch(namespace, "web")
    name = f"live-migration-webhook-{uuid.uuid4().hex[:6]}"
    api = control_plane.api()
    control_plane.expose("default", name)
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    values = {"webhooks": {hook: {"namespaceSelector": selector} for hook in HOOKS}}
    with socket.create_server((LOOPBACK, 0)) as listening:
        configurations = webhook_configurations(
            values,
            release=name,
            namespace="default",
            port=listening.getsockname()[1],
            ca_bundle=_some_authority(control_plane),
        )
        paths = [f"{REGISTRATIONS}/{each['kind'].lower()}s" for each in configurations]
        for path, configuration in zip(paths, configurations, strict=True):
            api.post(path, configuration)
        yield
        for path, configuration in zip(paths, configurations, strict=True):
            api.delete(f"{path}/{configuration['metadata']['name']}")


def _some_authority(plane: ControlPlane) -> str:
    """Return the caBundle that virt-api's hooks have: which one it is doesn't matter here."""
    [registered, *_] = plane.api().get(f"{REGISTRATIONS}/validatingwebhookconfigurations")["items"]
    return str(registered["webhooks"][0]["clientConfig"]["caBundle"])


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize(
    "document",
    [
        pytest.param(a_migration("move", "web"), id="who migrates"),
        pytest.param(a_running_vm("new"), id="who makes a VM"),
    ],
)
def test_a_person_waits_five_seconds_at_most(control_plane: ControlPlane, namespace: str, document: Object) -> None:
    created = control_plane.kubectl(
        "create", "-f", "-", f"--request-timeout={PATIENCE + ELSE}s", namespace=namespace, stdin=json.dumps(document)
    )

    assert "created" in created.stdout, created.stderr

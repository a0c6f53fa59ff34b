"""Two replicas that must answer (`failurePolicy: Fail`), and virtual machines to ask them about."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.hypervisor import Hypervisor
from tests.e2e.machines import BRIDGE, a_running_vm, apply, cpu_labels
from tests.service import Replica, Service, running_service

SCENE: Final = "live-migration-webhook-scene"
"""Label of the namespace, and name of the service that judges there."""
MACHINES: Final = ("web", "stuck")
STRICT: Final[Mapping[str, Any]] = {
    "webhooks": {
        "validateMigrations": {"failurePolicy": "Fail", "namespaceSelector": {"matchLabels": {SCENE: "true"}}},
        "validateVirtualMachines": {"enabled": False},
        "mutateMigrations": {"enabled": False},
        "mutatePods": {"enabled": False},
    }
}
"""Only the hook that may refuse is registered, so that nothing else can hide what it loses."""


@contextmanager
def strict_service(plane: ControlPlane, **options: Any) -> Iterator[Service]:
    """Start two replicas behind one address; what they don't answer is refused by the API server."""
    settings = {"drain-seconds": "3", "certificate-poll": "500ms"}
    with running_service(plane, name=SCENE, replicas=2, settings=settings, values=STRICT, **options) as service:
        yield service


def start_machines(plane: ControlPlane, hypervisor: Hypervisor, namespace: str) -> None:
    """Run a virtual machine that can move, and one that can't."""
    plane.kubectl("label", "namespace", namespace, f"{SCENE}=true")
    for node in ("node-a", "node-b"):
        hypervisor.add_node(node, labels=cpu_labels("Skylake-Server-IBRS"))
    apply(plane, namespace, a_running_vm("web"))
    apply(plane, namespace, a_running_vm("stuck", interface=BRIDGE))
    for name in MACHINES:
        hypervisor.launch(namespace, name)


def restart(replica: Replica) -> None:
    """Replace a replica as a rolling update does: it drains and ends, then its successor gets ready."""
    replica.process.stop(seconds=30)
    replica.start()

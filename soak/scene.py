"""Two replicas that must answer (`failurePolicy: Fail`), and virtual machines to ask them about."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.machines import BRIDGE, a_running_vm, apply, cpu_labels
from testbed.service import Replica, Service, running_service

JUDGED_BY: Final = "live-migration-webhook-tests/judged-by"
"""Label of a namespace: the name of the service that judges there."""
MACHINES: Final = ("web", "stuck")


def judging(name: str, failure_policy: str) -> Mapping[str, Any]:
    """Return values of the chart by which the service judges in its namespaces alone.

    Only the hook that may refuse is registered, so that nothing else can hide what it loses.
    """
    selector = {"matchLabels": {JUDGED_BY: name}}
    others = ("validateVirtualMachines", "mutateMigrations", "mutatePods")
    judge = {"failurePolicy": failure_policy, "namespaceSelector": selector}
    return {"webhooks": {"validateMigrations": judge, **{hook: {"enabled": False} for hook in others}}}


@contextmanager
def strict_service(plane: ControlPlane, name: str) -> Iterator[Service]:
    """Start two replicas behind one address; what they don't answer is refused by the API server."""
    settings = {"drain-seconds": "3", "certificate-poll": "500ms"}
    with running_service(plane, name=name, replicas=2, settings=settings, values=judging(name, "Fail")) as service:
        yield service


def start_machines(plane: ControlPlane, hypervisor: Hypervisor, namespace: str, name: str) -> None:
    """Run a virtual machine that can move, and one that can't, where the service of that name judges."""
    plane.kubectl("label", "namespace", namespace, f"{JUDGED_BY}={name}")
    for node in ("node-a", "node-b"):
        hypervisor.add_node(node, labels=cpu_labels("Skylake-Server-IBRS"))
    apply(plane, namespace, a_running_vm("web"))
    apply(plane, namespace, a_running_vm("stuck", interface=BRIDGE))
    for machine in MACHINES:
        hypervisor.launch(namespace, machine)


def restart(replica: Replica) -> None:
    """Replace a replica as a rolling update does: it drains and ends, then its successor gets ready."""
    replica.process.stop(seconds=30)
    replica.start()

"""An abort is never in the way: a migration can be deleted in each phase, whatever state this service is in."""

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from testbed.api import KUBEVIRT, Object
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.kubevirt_objects import CUSTOM_RESOURCES
from testbed.machines import a_migration, a_running_vm, apply, cpu_labels
from testbed.processes import LOOPBACK
from testbed.service import Service

KEPT: Final = "live-migration-webhook.tests/kept"
OURS: Final = "live-migration-webhook"
REGISTRATIONS: Final = "/apis/admissionregistration.k8s.io/v1"


def until_pending(plane: ControlPlane, hypervisor: Hypervisor, namespace: str) -> None:
    del hypervisor
    wait_for(plane, namespace, "Pending")


def until_scheduling(plane: ControlPlane, hypervisor: Hypervisor, namespace: str) -> None:
    hypervisor.wait_for_target(namespace, "move")
    wait_for(plane, namespace, "Scheduling")


def until_target_ready(plane: ControlPlane, hypervisor: Hypervisor, namespace: str) -> None:
    del plane
    hypervisor.prepare_target(namespace, "move")


def until_running(plane: ControlPlane, hypervisor: Hypervisor, namespace: str) -> None:
    del plane
    hypervisor.prepare_target(namespace, "move")
    hypervisor.start_transfer(namespace, "move")


PHASES: Final = {
    "Pending": until_pending,
    "Scheduling": until_scheduling,
    "TargetReady": until_target_ready,
    "Running": until_running,
}


@pytest.fixture(params=["up", "down", "answering 500"])
def state(request: pytest.FixtureRequest, service: Service) -> Iterator[str]:
    """Bring the registered service into a state, and back."""
    if request.param == "up":
        yield request.param
        return
    service.process.stop()
    if request.param == "down":
        yield request.param
    else:
        with answering_500(service):
            yield request.param
    service.process.start()
    service.process.wait_until(service.is_ready)


@pytest.mark.parametrize("phase", PHASES)
def test_a_migration_can_be_aborted(
    control_plane: ControlPlane, namespace: str, hypervisor: Hypervisor, state: str, phase: str
) -> None:
    assert state
    for node in ("node-a", "node-b"):
        hypervisor.add_node(node, labels=cpu_labels("Skylake-Server-IBRS"))
    assert "created" in apply(control_plane, namespace, a_running_vm("web"))
    before = hypervisor.launch(namespace, "web")["status"]["nodeName"]
    with no_migration_started(control_plane, only=phase == "Pending"):
        assert "created" in apply(control_plane, namespace, a_migration("move", "web", finalizers=[KEPT]))
        PHASES[phase](control_plane, hypervisor, namespace)

        deleted = control_plane.kubectl("delete", "vmim", "move", "--wait=false", namespace=namespace, user="alice")

    assert (deleted.returncode, deleted.stderr) == (0, "")
    if phase == "TargetReady":
        hypervisor.start_transfer(namespace, "move")
    if phase in {"TargetReady", "Running"}:
        hypervisor.answer_abort(namespace, "web")
    wait_for(control_plane, namespace, "Failed")
    vmi = control_plane.api().get(f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstances/web")
    assert (vmi["status"]["phase"], vmi["status"]["nodeName"]) == ("Running", before)


def test_nothing_is_registered_for_the_end_or_the_change_of_a_migration(
    control_plane: ControlPlane, service: Service
) -> None:
    assert service.is_ready()
    rules = [
        rule
        for kind in ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")
        for configuration in control_plane.api().get(f"{REGISTRATIONS}/{kind}")["items"]
        if configuration["metadata"]["name"].startswith(OURS)
        for webhook in configuration["webhooks"]
        for rule in webhook["rules"]
    ]

    for rule in rules:
        assert not set(rule["operations"]) & {"DELETE", "CONNECT", "*"}
        assert not any("/" in resource or resource in {"*", "nodes"} for resource in rule["resources"])
        if "virtualmachineinstancemigrations" in rule["resources"]:
            assert rule["operations"] == ["CREATE"]
    assert {resource for rule in rules for resource in rule["resources"]} == {
        "virtualmachineinstancemigrations",
        "virtualmachines",
        "virtualmachineinstances",
        "pods",
    }


def wait_for(plane: ControlPlane, namespace: str, phase: str) -> Object:
    path = f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations/move"
    reached: Callable[[Object], bool] = lambda vmim: vmim.get("status", {}).get("phase") == phase  # noqa: E731
    return plane.api().wait(path, reached)


@contextmanager
def no_migration_started(plane: ControlPlane, *, only: bool) -> Iterator[None]:
    """Let KubeVirt keep every migration pending meanwhile, where that is asked for."""
    path = f"{CUSTOM_RESOURCES}/kubevirt"
    if only:
        plane.api().patch(path, {"spec": {"configuration": {"migrations": {"parallelOutboundMigrationsPerNode": 0}}}})
    yield
    if only:
        plane.api().patch(path, {"spec": {"configuration": {"migrations": None}}})


@contextmanager
def answering_500(service: Service) -> Iterator[None]:
    """Answer in the service's place with errors, over the same TLS."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(500)

        def log_message(self, *_: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(service.certificates / "tls.crt", service.certificates / "tls.key")
    with http.server.ThreadingHTTPServer((LOOPBACK, service.port), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()

"""The timeouts that we tell are the ones that virt-controller writes into the VMI when a migration begins."""

from collections.abc import Iterator
from typing import Any

import pytest

from testbed.api import KUBEVIRT, Object
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.kubevirt_objects import CUSTOM_RESOURCES
from testbed.machines import a_migration, a_running_vm, apply, cpu_labels
from testbed.service import Service

POLICIES = "/apis/migrations.kubevirt.io/v1alpha1/migrationpolicies"


@pytest.fixture
def cluster(control_plane: ControlPlane, request: pytest.FixtureRequest) -> Iterator[None]:
    """Set KubeVirt's own settings and the policies for one test."""
    settings, policies = request.param
    api = control_plane.api()
    configuration = f"{CUSTOM_RESOURCES}/kubevirt"
    api.patch(configuration, {"spec": {"configuration": {"migrations": settings}}})
    for name, spec in policies.items():
        api.post(POLICIES, {"metadata": {"name": name}, "spec": spec} | KIND)
    yield
    for name in policies:
        api.delete(f"{POLICIES}/{name}")
    api.patch(configuration, {"spec": {"configuration": {"migrations": None}}})


KIND = {"apiVersion": "migrations.kubevirt.io/v1alpha1", "kind": "MigrationPolicy"}
DATABASES = {"virtualMachineInstanceSelector": {"tier": "database"}}
STORIES: list[Any] = [
    pytest.param((None, {}), ("1200s", "150s"), id="the defaults of this version"),
    pytest.param(
        ({"completionTimeoutPerGiB": 800, "progressTimeout": 90}, {}), ("6400s", "90s"), id="the KubeVirt resource"
    ),
    pytest.param(
        (None, {"tests-slow": {"selectors": DATABASES, "completionTimeoutPerGiB": 10}}),
        ("80s", "150s"),
        id="a policy for the machine",
    ),
    pytest.param(
        (
            {"completionTimeoutPerGiB": 800},
            {
                "tests-all": {"selectors": {}, "completionTimeoutPerGiB": 1},
                "tests-more": {"selectors": DATABASES, "completionTimeoutPerGiB": 20},
            },
        ),
        ("160s", "150s"),
        id="the more exact of two policies",
    ),
]


@pytest.mark.parametrize(("cluster", "told"), STORIES, indirect=["cluster"])
@pytest.mark.usefixtures("cluster")
def test_what_we_tell_is_what_kubevirt_goes_by(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor, told: tuple[str, str]
) -> None:
    assert service.is_ready()
    for node in ("node-a", "node-b"):
        hypervisor.add_node(node, labels=cpu_labels("Skylake-Server-IBRS"))
    apply(control_plane, namespace, a_running_vm("web", memory="8Gi", labels={"tier": "database"}))
    hypervisor.launch(namespace, "web")

    assert "created" in apply(control_plane, namespace, a_migration("move", "web"))

    hypervisor.prepare_target(namespace, "move")
    group = f"{KUBEVIRT}/namespaces/{namespace}"
    annotations = control_plane.api().get(f"{group}/virtualmachineinstancemigrations/move")["metadata"]["annotations"]
    vmi = control_plane.api().get(f"{group}/virtualmachineinstances/web")
    configuration: Object = vmi["status"]["migrationState"]["migrationConfiguration"]
    assert (
        annotations["live-migration-webhook/completion-timeout"],
        annotations["live-migration-webhook/progress-timeout"],
    ) == told
    assert (f"{configuration['completionTimeoutPerGiB'] * 8}s", f"{configuration['progressTimeout']}s") == told

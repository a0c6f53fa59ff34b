"""A bug of ours is never a denial: the operator's failurePolicy decides."""

import sys
from collections.abc import Iterator

import pytest

from soak.scene import JUDGED_BY, judging
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.machines import a_migration, a_running_vm, apply, cpu_labels
from testbed.service import running_service


@pytest.fixture(params=["Ignore", "Fail"])
def policy(request: pytest.FixtureRequest, control_plane: ControlPlane) -> Iterator[str]:
    """Register a service one of whose rules raises, with a failurePolicy."""
    program, environment = (sys.executable, "-m", "tests.server.program"), {"INJECTED": "raise"}
    name = f"buggy-{request.param.lower()}"
    values = judging(name, request.param)
    with running_service(control_plane, name=name, program=program, environment=environment, values=values) as service:
        assert service.is_ready()
        yield request.param


def test_the_failure_policy_decides_about_a_bug(
    control_plane: ControlPlane, hypervisor: Hypervisor, namespace: str, policy: str
) -> None:
    control_plane.kubectl("label", "namespace", namespace, f"{JUDGED_BY}=buggy-{policy.lower()}")
    for node in ("node-a", "node-b"):
        hypervisor.add_node(node, labels=cpu_labels("Skylake-Server-IBRS"))
    apply(control_plane, namespace, a_running_vm("web"))
    hypervisor.launch(namespace, "web")

    answer = apply(control_plane, namespace, a_migration("move", "web"))

    if policy == "Ignore":
        assert answer == "virtualmachineinstancemigration.kubevirt.io/move created\n"
    else:
        assert 'failed calling webhook "migration.validate.live-migration-webhook"' in answer
        assert "denied the request" not in answer

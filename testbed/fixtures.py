"""Fixtures: one control plane per test run, a namespace and a hypervisor per test."""

import re
import uuid
from collections.abc import Iterator

import pytest

from testbed.build import BuildFailedError, GoMissingError
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.namespaces import create_namespace, remove_namespace
from testbed.processes import StartFailedError


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    """Start the control plane with KubeVirt once; its builds report on the terminal."""
    plane = ControlPlane()
    failure = _start(plane, request.config)
    if failure:
        pytest.fail(failure, pytrace=False)
    yield plane
    plane.stop()


@pytest.fixture
def namespace(request: pytest.FixtureRequest, control_plane: ControlPlane) -> Iterator[str]:
    """Make a namespace of the test's own, named after it."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:40].strip("-")
    name = f"{words}-{uuid.uuid4().hex[:6]}"
    create_namespace(control_plane.api(), name)
    yield name
    remove_namespace(control_plane.api(), name)


@pytest.fixture
def hypervisor(control_plane: ControlPlane) -> Iterator[Hypervisor]:
    """Stand-in for kubelet and virt-handler; the nodes it adds go with the test."""
    stand_in = Hypervisor(admin=control_plane.api(), virt_handler=control_plane.api("kubevirt-handler"))
    yield stand_in
    stand_in.close()


def _start(plane: ControlPlane, config: pytest.Config) -> str | None:
    """Start with the terminal in sight; return why it didn't."""
    try:
        with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            plane.start()
    except (GoMissingError, BuildFailedError, StartFailedError) as error:
        return str(error)
    return None

"""Fixtures: one control plane per test run, a namespace and a hypervisor per test."""

import re
import uuid
from collections.abc import Iterator

import pytest

from tests.controlplane.build import BuildFailedError, GoMissingError
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.hypervisor import Hypervisor
from tests.controlplane.namespaces import create_namespace, remove_namespace
from tests.controlplane.processes import StartFailedError


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    """Start the control plane with KubeVirt once; its builds report on the terminal."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    plane = ControlPlane()
    try:
        with capture.global_and_fixture_disabled():
            plane.start()
    except (GoMissingError, BuildFailedError, StartFailedError) as error:
        pytest.fail(str(error), pytrace=False)
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

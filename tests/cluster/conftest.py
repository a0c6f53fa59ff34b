"""Fixtures of the tests on a cluster with nodes. `make cluster` runs them, in an enclosure."""

import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from testbed.build import BuildFailedError, GoMissingError
from testbed.cluster import enclosure
from testbed.cluster.cluster import Cluster
from testbed.cluster.parts import Parts
from testbed.cluster.release import Release
from testbed.cluster.stage import Stage
from testbed.control_plane import ControlPlane
from testbed.processes import StartFailedError


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Start the cluster once."""
    if not enclosure.is_entered():
        pytest.fail("the tests on a cluster are run by `make cluster`", pytrace=False)
    started = Cluster(Parts.given().images)
    try:
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            started.start()
    except (GoMissingError, BuildFailedError, StartFailedError) as error:
        pytest.fail(str(error), pytrace=False)
    yield started
    if request.config.getoption("--keep"):
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            _keep(started)
    started.stop()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make cluster KEEP=1` keep the cluster after the tests."""
    parser.addoption("--keep", action="store_true", help="keep the cluster open after the tests")


def _keep(cluster: Cluster) -> None:
    """Tell how the cluster is reached from inside, and wait for an interrupt."""
    print(f"\nexport KUBECONFIG={cluster.plane.kubeconfig()}\nkubectl={cluster.plane.programs['kubectl']}")
    print("Ctrl-C ends it", flush=True)
    with suppress(KeyboardInterrupt):
        signal.pause()


@pytest.fixture(scope="session")
def control_plane(cluster: Cluster) -> ControlPlane:
    """Return the control plane of the cluster."""
    return cluster.plane


@pytest.fixture(scope="session")
def stage(cluster: Cluster) -> Iterator[Stage]:
    """Run virtual machines."""
    with Stage(cluster, "shop") as stage:
        yield stage


@pytest.fixture(scope="module")
def bare(cluster: Cluster) -> Iterator[Release]:
    """Return the release, to be installed by the test in a namespace with the restricted Pod Security."""
    release = Release(cluster=cluster)
    release.create_namespace()
    yield release
    release.uninstall()


@pytest.fixture(scope="module")
def release(bare: Release) -> Release:
    """Install the chart as it is by default."""
    bare.install()
    return bare

"""No call is lost while replicas are replaced and certificates are renewed; `make soak` has the long forms."""

import uuid
from collections.abc import Iterator

import pytest

from soak.keeper import kept, rotate
from soak.load import Load
from soak.renewal import renew_leaf
from soak.scene import MACHINES, restart, start_machines, strict_service
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.service import Service

CALLS = 1000


@pytest.fixture
def name() -> str:
    """Name a service of the test's own."""
    return f"strict-{uuid.uuid4().hex[:6]}"


@pytest.fixture
def strict(control_plane: ControlPlane, name: str) -> Iterator[Service]:
    with strict_service(control_plane, name) as service:
        yield service


@pytest.fixture
def load(control_plane: ControlPlane, strict: Service, hypervisor: Hypervisor, namespace: str, name: str) -> Load:
    assert strict.is_ready()
    start_machines(control_plane, hypervisor, namespace, name)
    return Load(control_plane.api("alice"), namespace, MACHINES)


def test_a_rolling_restart_of_both_replicas_loses_nothing(strict: Service, load: Load) -> None:
    with load:
        for replica in strict.replicas:
            restart(replica)
        load.until(CALLS)

    assert load.lost == []


def test_three_renewals_of_the_leaf_in_a_row_lose_nothing(strict: Service, load: Load, name: str) -> None:
    with load:
        for _ in range(3):
            renew_leaf(strict, name)
        load.until(CALLS // 2)

    assert load.lost == []


def test_a_rotation_of_the_authority_loses_nothing(strict: Service, load: Load, name: str) -> None:
    with kept(strict, name) as keeper, load:
        rotate(keeper)
        load.until(CALLS // 2)

    assert load.lost == []

"""Fixtures of the certificates."""

from collections.abc import Iterator

import pytest

from testbed.control_plane import ControlPlane
from tests.certs.installation import Installation


@pytest.fixture
def installation(control_plane: ControlPlane, namespace: str) -> Iterator[Installation]:
    """Prepare a namespace for a keeper; nothing is registered yet."""
    installed = Installation(control_plane, namespace)
    yield installed
    installed.remove()

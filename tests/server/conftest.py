"""Services that several tests of the edge share."""

from collections.abc import Iterator

import pytest

from testbed.serving import Serving, serving


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Run the service with default bounds."""
    with serving(tmp_path_factory.mktemp("service"), read_timeout="2s", certificate_poll="100ms") as running:
        yield running

"""One browser for all tests of a module."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from testbed.browser import ChromiumMissingError, chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium; its absence is a failure, no skip."""
    try:
        with chromium() as running:
            yield running
    except ChromiumMissingError as error:
        pytest.fail(str(error), pytrace=False)

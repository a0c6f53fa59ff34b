"""What all tests share: the fixtures of the control plane, and no silent skips."""

import logging
import os
import signal
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from testbed.cluster import enclosure

pytest_plugins = ["testbed.fixtures"]

# Its tests need namespaces that `make cluster` makes around them.
collect_ignore = [] if enclosure.is_entered() else ["cluster"]

# A test that says how long an example may take says something about the machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell ignores interrupts for what it runs in the background, and children inherit that; tests interrupt theirs.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def logs_as_they_are_by_default() -> Iterator[None]:
    """Let no test hear the level that another one's command has set."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run of CI in which a test was skipped: there, everything that a test needs is installed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED

"""The judges, started once per test run."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from fidelity.judges import NOT_FOLLOWED, Judge, SchedulerJudge
from testbed.build import BuildFailedError, GoMissingError

AnyJudge = TypeVar("AnyJudge", bound=Judge)


@pytest.fixture(scope="session")
def scheduler(request: pytest.FixtureRequest) -> Iterator[SchedulerJudge]:
    """kube-scheduler's filters, without those that the engine doesn't follow yet."""
    with _started(lambda: SchedulerJudge(without=NOT_FOLLOWED), request.config) as judge:
        yield judge


def _started(start: Callable[[], AnyJudge], config: pytest.Config) -> AnyJudge:
    """Build with the terminal in sight; fail the test in one line where that is impossible."""
    try:
        with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            return start()
    except (GoMissingError, BuildFailedError) as error:
        pytest.fail(str(error), pytrace=False)

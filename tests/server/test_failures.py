"""What we could not do is HTTP 5xx, never a denial: the operator's failurePolicy decides then."""

from collections.abc import Iterator

import pytest

from testbed.serving import Serving, a_migration, serving
from testbed.waiting import until
from tests.server.program import RAISE
from webhook.admission.hooks import BY_PATH

HOOK = BY_PATH["/validate/migrations"]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Run a service one of whose restrictions raises."""
    with serving(tmp_path_factory.mktemp("broken"), injected=RAISE) as running:
        yield running


def test_a_restriction_that_raises_is_http_500_and_explained_in_the_log(broken: Serving) -> None:
    response = broken.ask(a_migration(), path="/validate/migrations?timeout=3s")

    assert (response.status, response.getheader("Retry-After")) == (500, "1")
    assert response.body == b"internal error; request u-1 is explained in the log\n"  # type: ignore[attr-defined]
    until(lambda: any(line["event"] == "not judged" for line in broken.log))
    line = next(line for line in broken.log if line["event"] == "not judged")
    assert (line["uid"], line["level"]) == ("u-1", "error")
    assert str(line["bug"]).startswith("RuntimeError < check (")
    # What went wrong may have an object's content in its words.
    assert "injected" not in str({**line, "bug": ""})


def test_a_service_with_a_bug_goes_on_serving(broken: Serving) -> None:
    assert [broken.ask(a_migration()).status for _ in range(3)] == [500, 500, 500]
    assert broken.ask(a_migration("nobody")).status == 200


def test_a_bug_is_counted(broken: Serving) -> None:
    hook = "migration.validate.live-migration-webhook"
    series = f'live_migration_webhook_assessment_failures_total{{hook="{hook}",reason="bug"}}'
    before = broken.metric(series)

    broken.ask(a_migration())

    assert broken.metric(series) == before + 1

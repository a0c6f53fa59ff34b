"""What we could not do is HTTP 5xx, never a denial: the operator's failurePolicy decides then."""

from collections.abc import Iterator

import pytest

from testbed.serving import Serving, a_migration, serving
from testbed.waiting import until
from tests.server.program import RAISE
from webhook.admission.hooks import BY_PATH
from webhook.engine.policy import Policy
from webhook.kube.source import ClusterUnavailable
from webhook.server.answer import Answer, Service, answer
from webhook.state.kinds import Reference
from webhook.state.snapshot import Snapshot

HOOK = BY_PATH["/validate/migrations"]
TEXT = "text/plain; charset=utf-8"
RETRY = (("Retry-After", "1"),)


class NotLoaded:
    """A cluster of which nothing is known yet."""

    def snapshot(self) -> Snapshot:
        raise ClusterUnavailable("Node: not loaded yet")

    def reread(self, snapshot: Snapshot, references: frozenset[Reference], timeout: float) -> Snapshot:
        raise AssertionError((snapshot, references, timeout))


class Slow:
    """A cluster that needs `seconds` to be read."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def snapshot(self) -> Snapshot:
        return Snapshot()

    def reread(self, snapshot: Snapshot, references: frozenset[Reference], timeout: float) -> Snapshot:
        if timeout < self.seconds:
            raise ClusterUnavailable(f"{next(iter(references))} could not be read within {timeout:.1f} s")
        return snapshot


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
    assert "RuntimeError: injected" in line["exception"]


def test_a_service_with_a_bug_goes_on_serving(broken: Serving) -> None:
    assert [broken.ask(a_migration()).status for _ in range(3)] == [500, 500, 500]
    assert broken.ask(a_migration("nobody")).status == 200


def test_a_bug_is_counted(broken: Serving) -> None:
    hook = "migration.validate.live-migration-webhook"
    series = f'live_migration_webhook_assessment_failures_total{{hook="{hook}",reason="bug"}}'
    before = broken.metric(series)

    broken.ask(a_migration())

    assert broken.metric(series) == before + 1


def test_a_cluster_that_is_not_loaded_is_http_503() -> None:
    service = Service(cluster=NotLoaded(), policy=Policy(), request_timeout=5)

    assert answer(service, HOOK, a_migration()) == Answer(
        503, b"the cluster could not be read: Node: not loaded yet\n", TEXT, RETRY
    )


@pytest.mark.parametrize(
    ("timeout", "status"),
    [
        pytest.param(None, 200, id="not said: the setting's 5 s"),
        pytest.param(3.0, 200, id="long enough"),
        pytest.param(2.2, 503, id="too short for reading and the way back"),
        pytest.param(1.0, 503, id="too short"),
        pytest.param(0.0, 503, id="none"),
    ],
)
def test_the_callers_patience_is_kept_with_a_margin(timeout: float | None, status: int) -> None:
    service = Service(cluster=Slow(2.0), policy=Policy(), request_timeout=5)

    assert answer(service, HOOK, a_migration("absent"), timeout).status == status


def test_an_answer_out_of_time_says_what_was_wanted() -> None:
    service = Service(cluster=Slow(2.0), policy=Policy(), request_timeout=1)

    assert answer(service, HOOK, a_migration("absent")).body == (
        b"the cluster could not be read: VirtualMachineInstance default/absent could not be read within 0.7 s\n"
    )

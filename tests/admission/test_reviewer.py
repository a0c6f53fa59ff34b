"""From the bytes of a review to the answer's: what is awaited, for how long, and what could not be done."""

import asyncio

import pytest

from testbed.serving import BODY, CLUSTER, REFUSED_BODY, a_migration
from tests.admission.answers import reviewed
from webhook.admission.hooks import BY_PATH
from webhook.admission.reviewer import Outcome, Reviewer
from webhook.engine.assessment import Rules
from webhook.kube.source import ClusterUnavailable
from webhook.state.kinds import Reference
from webhook.state.manifests import Manifests
from webhook.state.snapshot import Snapshot, snapshot_of

HOOK = BY_PATH["/validate/migrations"]


class NotLoaded:
    """A cluster of which nothing is known yet."""

    def snapshot(self) -> Snapshot:
        raise ClusterUnavailable("Node: not loaded yet")

    async def reread(self, snapshot: Snapshot, references: frozenset[Reference], timeout: float) -> Snapshot:
        raise AssertionError((snapshot, references, timeout))


class Slow:
    """A cluster that needs `seconds` to be read."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def snapshot(self) -> Snapshot:
        return Snapshot()

    async def reread(self, snapshot: Snapshot, references: frozenset[Reference], timeout: float) -> Snapshot:
        if timeout < self.seconds:
            raise ClusterUnavailable(f"{next(iter(references))} could not be read within {timeout:.1f} s")
        return snapshot


def begun(body: bytes) -> Outcome | None:
    """Return what comes of a review until something has to be awaited; None when that is first."""
    reviewer = Reviewer(cluster=Waiting(snapshot_of(CLUSTER)), rules=Rules())
    review = reviewer.review(HOOK, body, timeout=5)
    try:
        review.send(None)
    except StopIteration as ended:
        outcome: Outcome = ended.value
        return outcome
    review.close()
    return None


class Waiting(Manifests, frozen=True):
    """A cluster that can't be read again at once."""

    async def reread(self, snapshot: Snapshot, references: frozenset[Reference], timeout: float) -> Snapshot:
        await asyncio.sleep(0)
        return await super().reread(snapshot, references, timeout)


def test_an_allowed_review_awaits_nothing() -> None:
    outcome = begun(BODY)

    assert outcome is not None
    assert outcome.verdict is not None
    assert outcome.verdict.allowed


def test_a_denial_awaits_what_it_rests_on() -> None:
    assert begun(REFUSED_BODY) is None


def test_a_cluster_that_is_not_loaded_is_http_503() -> None:
    outcome = reviewed(NotLoaded(), HOOK, a_migration())

    assert (outcome.status, outcome.error) == (503, "the cluster could not be read: Node: not loaded yet")


@pytest.mark.parametrize(
    ("timeout", "status"),
    [
        pytest.param(3.0, 200, id="long enough"),
        pytest.param(2.2, 503, id="too short for reading and the way back"),
        pytest.param(1.0, 503, id="too short"),
        pytest.param(0.0, 503, id="none"),
    ],
)
def test_the_callers_patience_is_kept_with_a_margin(timeout: float, status: int) -> None:
    assert reviewed(Slow(2.0), HOOK, a_migration("absent"), timeout).status == status


def test_an_answer_out_of_time_says_what_was_wanted() -> None:
    assert reviewed(Slow(2.0), HOOK, a_migration("absent"), 1).error == (
        "the cluster could not be read: VirtualMachineInstance default/absent could not be read within 0.7 s"
    )

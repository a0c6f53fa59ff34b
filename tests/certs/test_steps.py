"""Which step follows from which state, one by one; that they keep the promise together is tested in test_promise."""

import datetime as dt
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from certs.authority import new_authority, new_leaf
from certs.bundle import Certificates, to_pem
from certs.changes import Bundle, Leaf, change
from certs.configurations import Configuration, ConfigurationName, Webhook
from certs.lifetime import Lives
from certs.pair import Pair
from certs.record import Record
from certs.rotation import Decision, State, Step, next_step
from tests.certs.keys import known

LIVES = Lives()
NAMES = ("webhook.here.svc",)
NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)


def authority(number: int, age: dt.timedelta = 10 * DAY) -> Pair:
    return new_authority(now=NOW - age, life=LIVES.authority, random=known(number))


def leaf(issuer: Pair, *, age: dt.timedelta = 5 * DAY, names: tuple[str, ...] = NAMES) -> Pair:
    return new_leaf(issuer, names, now=NOW - age, life=LIVES.leaf, random=known(100))


def configuration(*trusted: Pair, name: str = "a") -> Configuration:
    return bundled(tuple(pair.certificate for pair in trusted), name=name)


def bundled(certificates: Certificates, *, name: str = "a") -> Configuration:
    webhook = Webhook(name="x.y.z", bundle=to_pem(certificates), server_name=NAMES[0])
    return Configuration(name=ConfigurationName(phase="validating", name=name), version="1", webhooks=(webhook,))


A, B, C = authority(1), authority(2), authority(3)
OLD = authority(4, 600 * DAY)
ENDED = authority(5, 731 * DAY)
FUTURE = authority(6, -2 * DAY)


def state(
    record: Record | None,
    leaf: Pair | None,
    *configurations: Configuration,
    watched: dt.timedelta = dt.timedelta.max,
    names: tuple[str, ...] = NAMES,
    beside_leaf: tuple[Pair, ...] = (),
) -> State:
    return State(
        now=NOW,
        watched=watched,
        record=record,
        leaf=leaf,
        leaf_authorities=tuple(pair.certificate for pair in beside_leaf),
        configurations=configurations,
        names=names,
        lives=LIVES,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A state, and the step and reason that follow."""

    state: State
    step: Step
    why: str


STABLE = Record(current=A, since=NOW - DAY)
PREPARED = Record(current=A, next=B, since=NOW - DAY)
PUBLISHED = Record(current=A, next=B, published=True, since=NOW - 2 * MINUTE)
SWITCHED = Record(current=B, old=(A.certificate,), since=NOW - DAY)

CASES = {
    "nothing is there": Case(state=state(None, None), step=Step.BEGIN, why="there is no readable authority"),
    "all is well": Case(state=state(STABLE, leaf(A), configuration(A)), step=Step.WAIT, why="nothing to do"),
    "all is well, and there is no configuration": Case(
        state=state(STABLE, leaf(A)), step=Step.WAIT, why="nothing to do"
    ),
    "no leaf": Case(state=state(STABLE, None, configuration(A)), step=Step.ISSUE, why="there is no readable leaf"),
    "a leaf for other names": Case(
        state=state(STABLE, leaf(A, names=("b",)), configuration(A)),
        step=Step.ISSUE,
        why="the leaf is for other names",
    ),
    "names in another order": Case(
        state=state(STABLE, leaf(A, names=("b", *NAMES)), configuration(A), names=(*NAMES, "b")),
        step=Step.WAIT,
        why="nothing to do",
    ),
    "a leaf of which a third is left": Case(
        state=state(STABLE, leaf(A, age=60 * DAY), configuration(A)),
        step=Step.ISSUE,
        why="the leaf's life from 2029-11-02 00:00:00 to 2030-01-31 00:00:00 nears its end",
    ),
    "a leaf of an unknown authority that nobody trusts": Case(
        state=state(STABLE, leaf(C), configuration(A)),
        step=Step.ISSUE,
        why="the leaf is not from the current authority",
    ),
    "a leaf of an unknown authority that is trusted": Case(
        state=state(STABLE, leaf(C), configuration(C)),
        step=Step.ADOPT,
        why="the leaf's authority is not on record",
    ),
    "a leaf of an unknown authority that lies beside it": Case(
        state=state(STABLE, leaf(C), configuration(A), beside_leaf=(C,)),
        step=Step.ADOPT,
        why="the leaf's authority is not on record",
    ),
    "no leaf, and a stranger is trusted": Case(
        state=state(STABLE, None, configuration(A, C)),
        step=Step.ADOPT,
        why="the leaf's authority is not on record",
    ),
    "part of the record is unreadable": Case(
        state=state(replace(STABLE, incomplete=True), leaf(A), configuration(A, C)),
        step=Step.ADOPT,
        why="part of what is stored can't be read",
    ),
    "another bundle is in a configuration": Case(
        state=state(STABLE, leaf(A), configuration(A), configuration(C, name="b")),
        step=Step.PUBLISH,
        why="a webhook configuration trusts something else",
    ),
    "no bundle is in a configuration": Case(
        state=state(STABLE, leaf(A), configuration()),
        step=Step.PUBLISH,
        why="a webhook configuration trusts something else",
    ),
    "a leaf is due, and a configuration trusts something else": Case(
        state=state(STABLE, leaf(A, age=60 * DAY), configuration(C)),
        step=Step.ISSUE,
        why="the leaf's life from 2029-11-02 00:00:00 to 2030-01-31 00:00:00 nears its end",
    ),
    "an authority of which a third is left": Case(
        state=state(Record(current=OLD, since=NOW), leaf(OLD), configuration(OLD)),
        step=Step.PREPARE,
        why="the authority ends 2030-05-11 00:00:00",
    ),
    "an authority that has ended": Case(
        state=state(Record(current=ENDED, since=NOW), None, configuration(ENDED)),
        step=Step.PREPARE,
        why="the authority is not valid",
    ),
    "an authority that is not valid yet": Case(
        state=state(Record(current=FUTURE, since=NOW), leaf(FUTURE, age=-2 * DAY), configuration(FUTURE)),
        step=Step.PREPARE,
        why="the authority is not valid",
    ),
    "the next authority is prepared": Case(
        state=state(PREPARED, leaf(A), configuration(A)),
        step=Step.PUBLISH,
        why="a webhook configuration trusts something else",
    ),
    "the next authority is prepared, and due itself": Case(
        state=state(replace(PREPARED, next=OLD), leaf(A), configuration(A)),
        step=Step.PREPARE,
        why="the next authority nears its end before it was published",
    ),
    "the next authority is trusted everywhere": Case(
        state=state(PREPARED, leaf(A), configuration(A, B)),
        step=Step.NOTE_PUBLISHED,
        why="every webhook configuration trusts the next authority",
    ),
    "the next authority was published, and is no longer": Case(
        state=state(PUBLISHED, leaf(A), configuration(A, B), configuration(A, name="b")),
        step=Step.RESTART,
        why="a webhook configuration does not trust the next authority",
    ),
    "the next authority was published at a time to come": Case(
        state=state(replace(PUBLISHED, since=NOW + DAY), leaf(A), configuration(A, B)),
        step=Step.NOTE_PUBLISHED,
        why="every webhook configuration trusts the next authority",
    ),
    "the next authority was published at an unknown time": Case(
        state=state(replace(PUBLISHED, since=None), leaf(A), configuration(A, B)),
        step=Step.NOTE_PUBLISHED,
        why="every webhook configuration trusts the next authority",
    ),
    "the next authority was published a moment ago": Case(
        state=state(replace(PUBLISHED, since=NOW - MINUTE / 2), leaf(A), configuration(A, B)),
        step=Step.WAIT,
        why="nothing to do",
    ),
    "the next authority was published long ago": Case(
        state=state(PUBLISHED, leaf(A), configuration(A, B)),
        step=Step.SWITCH,
        why="the next authority has been published since 2029-12-31 23:58:00",
    ),
    "the next authority was published long ago, says a clock that has jumped": Case(
        state=state(PUBLISHED, leaf(A), configuration(A, B), watched=MINUTE / 2),
        step=Step.WAIT,
        why="nothing to do",
    ),
    "the next authority was published a moment ago, and the leaf has ended": Case(
        state=state(
            Record(next=B, old=(A.certificate,), published=True, since=NOW),
            leaf(A, age=91 * DAY),
            configuration(A, B),
        ),
        step=Step.SWITCH,
        why="nobody accepts the leaf that is there",
    ),
    "the new authority has signed no leaf": Case(
        state=state(SWITCHED, leaf(A), configuration(A, B)),
        step=Step.ISSUE,
        why="the leaf is not from the current authority",
    ),
    "the new authority has signed a leaf a moment ago": Case(
        state=state(SWITCHED, leaf(B, age=MINUTE), configuration(A, B)), step=Step.WAIT, why="nothing to do"
    ),
    "the new authority has signed a leaf long ago": Case(
        state=state(SWITCHED, leaf(B, age=11 * MINUTE), configuration(A, B)),
        step=Step.RETIRE,
        why="every pod has served leaves of the new authority since 2029-12-31 23:49:00",
    ),
    "the new authority has signed a leaf long ago, says a clock that has jumped": Case(
        state=state(SWITCHED, leaf(B, age=11 * MINUTE), configuration(A, B), watched=MINUTE),
        step=Step.WAIT,
        why="nothing to do",
    ),
    "the switch was at a time to come": Case(
        state=state(replace(SWITCHED, since=NOW + DAY), leaf(B), configuration(A, B)),
        step=Step.RESTART,
        why="it is not known since when the authority signs",
    ),
    "the old authority is retired": Case(
        state=state(Record(current=B, since=NOW), leaf(B), configuration(A, B)),
        step=Step.PUBLISH,
        why="a webhook configuration trusts something else",
    ),
    "an authority in the bundle has ended": Case(
        state=state(
            Record(current=A, old=(ENDED.certificate,), since=NOW),
            leaf(A),
            bundled((ENDED.certificate, A.certificate)),
        ),
        step=Step.PUBLISH,
        why="a webhook configuration trusts something else",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_next_step(name: str) -> None:
    case = CASES[name]
    decision = next_step(case.state)
    assert (decision.step, decision.why) == (case.step, case.why)


def record_after(before: State) -> Record:
    after = change(next_step(before), before, known(1000))
    assert isinstance(after, Record)
    return after


def test_an_authority_that_begins_with_nothing_trusted_signs_at_once() -> None:
    record = record_after(state(None, None, configuration()))
    assert record.current
    assert (record.next, record.old) == (None, ())


def test_an_authority_that_begins_where_others_are_trusted_is_published_before_it_signs() -> None:
    record = record_after(state(None, leaf(A), configuration(A), configuration(C, name="b"), beside_leaf=(A,)))
    assert record.current is None
    assert record.next
    assert record.old == (A.certificate, C.certificate)


def test_what_is_trusted_and_has_ended_is_not_kept() -> None:
    record = record_after(state(None, None, configuration(A, ENDED)))
    assert record.old == (A.certificate,)


def test_an_authority_restored_from_a_backup_is_published_before_it_signs() -> None:
    record = record_after(state(STABLE, leaf(C), configuration(C)))
    assert (record.current, record.next, record.old) == (None, A, (C.certificate,))


def test_a_switch_changes_neither_the_bundle_nor_its_order() -> None:
    before = state(PUBLISHED, leaf(A), configuration(A, B))
    after = record_after(before)
    assert (after.current, after.old) == (B, (A.certificate,))
    assert after.bundle(NOW) == PUBLISHED.bundle(NOW)


def test_a_leaf_is_made_by_the_current_authority_for_the_names_asked_for() -> None:
    before = state(PUBLISHED, None, configuration(A, B))
    made = change(next_step(before), before, known(1000))
    assert isinstance(made, Leaf)
    assert made.authority == A
    made.pair.certificate.verify_directly_issued_by(A.certificate)


def test_a_bundle_leaves_out_what_has_ended() -> None:
    before = state(Record(current=A, old=(ENDED.certificate,), since=NOW), leaf(A), configuration())
    assert change(next_step(before), before) == Bundle(certificates=(A.certificate,))


def test_waiting_changes_nothing() -> None:
    before = state(STABLE, leaf(A), configuration(A))
    assert change(Decision(step=Step.WAIT, why=""), before) is None

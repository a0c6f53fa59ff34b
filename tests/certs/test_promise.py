"""The promise: whatever interrupts the keeper, every API server verifies every leaf that a pod may serve."""

import base64
import datetime as dt
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from certs.authority import new_authority, new_leaf
from certs.bundle import to_pem, verifiers
from certs.record import Phase
from certs.rotation import Step, next_step
from tests.certs.keys import known
from tests.certs.world import DAY, LIVES, NAMES, REFERENCES, START, BrokenPromiseError, World, secret

LONGEST_ABSENCE = 2 * DAY
"""Less than the third of a leaf's life at which it is renewed."""


def _delete_leaf(world: World) -> None:
    world.leaf = None


def _delete_authority(world: World) -> None:
    world.authority = None


def _garble(key: str) -> Callable[[World], None]:
    def garble(world: World) -> None:
        for found in (world.authority, world.leaf):
            if found and key in found["data"]:
                found["data"][key] = base64.b64encode(b"garbled").decode()

    garble.__name__ = f"garble {key}"
    return garble


def _forget_annotations(world: World) -> None:
    if world.authority:
        world.authority["metadata"] = {}


def _rename(world: World) -> None:
    world.names = (*world.names, f"n{len(world.names)}")


FAULTS: dict[str, Callable[[World], None]] = {
    "the leaf's Secret is deleted": _delete_leaf,
    "the CA Secret is deleted": _delete_authority,
    "the leaf's key is garbled": _garble("tls.key"),
    "the leaf is garbled": _garble("tls.crt"),
    "the authority's key is garbled": _garble("ca.key"),
    "the next authority is garbled": _garble("next.crt"),
    "the old authorities are garbled": _garble("old.crt"),
    "the annotations are gone": _forget_annotations,
    "the names change": _rename,
}

PASSING = {"sleep", "the clock jumps ahead"}

interruptions = st.lists(
    st.one_of(
        st.tuples(st.just("tick, interrupted after"), st.integers(0, 5)),
        st.tuples(st.just("tick"), st.just(0)),
        st.tuples(st.just("sleep"), st.sampled_from([1, 9, 30, 61, 300, 599, 601, 3600, DAY, LONGEST_ABSENCE])),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("the clock is wrong by"), st.integers(-1700, 1700)),
        st.tuples(st.just("the clock jumps ahead"), st.integers(1, 100_000)),
        st.tuples(st.just("refuse a configuration"), st.sampled_from(REFERENCES)),
        st.tuples(st.just("accept everything"), st.just(0)),
    ),
    max_size=40,
)


def _do(world: World, what: str, how: Any) -> None:
    match what:
        case "tick":
            world.tick()
        case "tick, interrupted after":
            world.tick(how)
            world.restart()
        case "sleep":
            world.sleep(how)
        case "restart":
            world.restart()
        case "the clock is wrong by":
            world.unsteadiness = how
        case "the clock jumps ahead":
            world.ahead += how
        case "refuse a configuration":
            world.refusing = frozenset({how})
        case "accept everything":
            world.refusing = frozenset()


def _live_through(world: World, events: list[tuple[str, Any]]) -> None:
    """Let the events happen; a keeper that was away for long, or could not write, gets a chance to work.

    So do the pods to take its new leaf: a clock that jumps again meanwhile would end the former one under their hands.
    """
    last_tick = world.now
    for what, how in events:
        if what in PASSING and (world.now - last_tick).total_seconds() + how > LONGEST_ABSENCE:
            world.refusing = frozenset()
            world.run((LIVES.propagation + LIVES.settle).total_seconds(), every=30)
            last_tick = world.now
        _do(world, what, how)


@cache
def _reached(phase: Phase) -> World:
    world = World()
    world.establish()
    if phase is not Phase.STABLE:
        world.run_until(lambda state: state.record is not None and state.record.phase is phase)
    return world


def _in_phase(phase: Phase) -> World:
    return _reached(phase).copy()


@pytest.mark.parametrize("phase", Phase)
@settings(max_examples=20, deadline=None)
@given(events=interruptions)
@example(events=[("the clock jumps ahead", seconds) for seconds in (59_080, 100_000, 100_000)])
def test_no_interruption_makes_an_api_server_refuse_a_leaf(phase: Phase, events: list[tuple[str, Any]]) -> None:
    world = _in_phase(phase)
    _live_through(world, events)
    world.refusing = frozenset()
    world.run(20 * DAY, every=DAY / 2)
    assert next_step(world.state()).step is Step.WAIT


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("fault", FAULTS)
@settings(max_examples=3, deadline=None)
@given(before=interruptions, after=interruptions)
def test_no_fault_makes_an_api_server_refuse_a_leaf(
    phase: Phase, fault: str, before: list[tuple[str, Any]], after: list[tuple[str, Any]]
) -> None:
    world = _in_phase(phase)
    _live_through(world, before)
    FAULTS[fault](world)
    world.tick()
    _live_through(world, after)
    world.refusing = frozenset()
    world.run(20 * DAY, every=DAY / 2)


@pytest.mark.parametrize("phase", Phase)
@settings(max_examples=20, deadline=None)
@given(events=interruptions)
def test_a_ca_secret_restored_from_a_backup_makes_no_api_server_refuse_a_leaf(
    phase: Phase, events: list[tuple[str, Any]]
) -> None:
    world = _in_phase(phase)
    backup = deepcopy(world.authority)
    world.run(10 * DAY, every=DAY / 2)
    world.authority = backup
    world.tick()
    _live_through(world, events)


def test_the_check_notices_a_switch_that_comes_too_early() -> None:
    world = _in_phase(Phase.PREPARED)
    record = world.state().record
    assert record
    assert record.next
    leaf = new_leaf(record.next, NAMES, now=world.now, life=LIVES.leaf, random=known(1000))
    world.leaf = secret(**{"tls.crt": leaf.certificate_pem, "tls.key": leaf.key_pem})
    with pytest.raises(BrokenPromiseError):
        world.remember()


def test_the_check_notices_an_authority_that_is_dropped_too_early() -> None:
    world = _in_phase(Phase.SWITCHED)
    world.tick(1)
    record = world.state().record
    assert record
    assert record.current
    world.bundles = dict.fromkeys(REFERENCES, record.current.certificate_pem)
    with pytest.raises(BrokenPromiseError):
        world.remember()


def test_a_rotation_goes_through_all_steps_in_order() -> None:
    world = _in_phase(Phase.STABLE)
    del world.steps[:]
    world.run(21 * DAY, every=3600)
    story = [step.value for step in world.steps if step is not Step.ISSUE]
    assert story == ["prepare", "publish", "note-published", "switch", "retire", "publish"]


def test_a_leaf_is_renewed_without_any_step_of_its_authority() -> None:
    world = _in_phase(Phase.STABLE)
    del world.steps[:]
    world.run(13 * DAY, every=DAY / 8)
    assert [step.value for step in world.steps] == ["issue", "issue"]


junk = st.one_of(
    st.just(b""),
    st.binary(max_size=40),
    st.just(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    st.sampled_from(
        [
            pem
            for serial, age in ((5000, 0), (6000, 26), (7000, 30), (8000, -2))
            for authority in [
                new_authority(now=START - dt.timedelta(days=age), life=LIVES.authority, random=known(serial))
            ]
            for leaf in [
                new_leaf(
                    authority, NAMES, now=START - dt.timedelta(days=age), life=LIVES.leaf, random=known(serial + 1)
                )
            ]
            for pem in (authority.certificate_pem, authority.key_pem, leaf.certificate_pem, leaf.key_pem)
        ]
    ),
)
"""Contents that somebody may have put there: nothing, bytes, and PEM of authorities and leaves in every state."""

secrets = st.none() | st.dictionaries(
    st.sampled_from(["ca.crt", "ca.key", "next.crt", "next.key", "old.crt", "tls.crt", "tls.key"]), junk
).map(lambda content: secret(**content))


@settings(max_examples=100, deadline=None)
@given(authority=secrets, leaf=secrets, bundles=st.tuples(junk, junk), phase=st.sampled_from(["published", "?", ""]))
def test_whatever_is_found_ends_in_certificates_that_verify(
    authority: dict[str, Any] | None, leaf: dict[str, Any] | None, bundles: tuple[bytes, bytes], phase: str
) -> None:
    world = World(authority=deepcopy(authority), leaf=deepcopy(leaf))
    world.bundles = dict(zip(REFERENCES, bundles, strict=True))
    if world.authority:
        world.authority["metadata"]["annotations"] = {"live-migration-webhook/rotation-phase": phase}
    world.run(3 * LIVES.settle.total_seconds(), every=60)
    state = world.state()
    assert next_step(state).step is Step.WAIT
    assert state.record
    assert state.leaf
    assert state.record.phase is Phase.STABLE
    assert set(world.bundles.values()) == {to_pem(state.record.certificates)}
    assert verifiers(state.leaf.certificate, state.record.certificates, world.now)

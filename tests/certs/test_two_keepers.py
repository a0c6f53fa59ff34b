"""The promise with two keepers at once, whose requests come in any order.

Whoever halts between two requests, for however long, while the other goes through a whole rotation: each write is
refused when its object has changed since it was read, and that is enough.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import combinations
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from certs.lifetime import due
from certs.record import Phase
from certs.rotation import State, Step, next_step
from tests.certs.stepwise import StepwiseKeeper
from tests.certs.test_promise import FAULTS, _do, _in_phase
from tests.certs.world import DAY, BrokenPromiseError, World

KEEPERS = ("first", "second")
LOOK = 4
"""Requests of a look: two webhook configurations, two Secrets."""
ALL = 8 * LOOK
"""Requests in which a keeper does all that can be done at a time."""
PUBLISHED, SETTLED = ("sleep", 61), ("sleep", 601)
"""After which the next authority may sign, and after which the former one is trusted no longer."""

SOON = dt.timedelta(hours=6)

Events = list[tuple[str, Any]]

requests = st.tuples(st.sampled_from(KEEPERS), st.sampled_from([1, 2, LOOK - 1, LOOK, LOOK + 1, ALL]))
happenings: st.SearchStrategy[Events] = st.lists(
    st.one_of(
        requests,
        requests,
        st.sampled_from([PUBLISHED, SETTLED]),
        st.tuples(st.just("kill"), st.sampled_from(KEEPERS)),
        st.tuples(st.just("the clock is wrong by"), st.integers(-1700, 1700)),
        st.tuples(st.just("the clock jumps ahead"), st.integers(1, 3000)),
    ),
    max_size=40,
)

ROTATION: Events = [("second", ALL), PUBLISHED, ("second", ALL), SETTLED, ("second", ALL)]
STEPS: Events = [("step", 4), PUBLISHED, ("step", 3), SETTLED, ("step", 3)]
"""The same by a keeper that never halts: prepare, publish, note, look; switch, issue, look; retire, publish, look."""


class Two:
    """Two keepers of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.keepers: dict[str, StepwiseKeeper] = {}

    def live_through(self, events: Events) -> None:
        """Let things happen."""
        for what, how in events:
            match what:
                case "kill":
                    self.kill(how)
                case "fault":
                    FAULTS[how](self.world)
                case "step":
                    self.world.step()
                case _ if what in KEEPERS:
                    if what not in self.keepers:
                        self.keepers[what] = StepwiseKeeper(self.world)
                    self.keepers[what].go_on(how)
                case _:
                    _do(self.world, what, how)

    def kill(self, name: str) -> None:
        """End a keeper's process; another one begins with its next request."""
        if name in self.keepers:
            self.keepers.pop(name).kill()


@contextmanager
def two(world: World) -> Iterator[Two]:
    """Have two keepers, and kill them in the end."""
    keepers = Two(world)
    try:
        yield keepers
    finally:
        for name in KEEPERS:
            keepers.kill(name)


def _is_due(state: State, now: dt.datetime) -> bool:
    assert state.record
    assert state.record.current
    return due(state.record.current.certificate, now)


@cache
def _about_to_rotate() -> World:
    world = _in_phase(Phase.STABLE)
    world.run_until(lambda state: _is_due(state, state.now + SOON))
    while next_step(world.state()).step is not Step.PREPARE:
        world.sleep(60)
    return world


def _beginning(where: Phase | None, fault: str = "") -> World:
    """Return a world in a phase, with None in the moment before a rotation begins; and with a fault."""
    world = _about_to_rotate().copy() if where is None else _in_phase(where)
    if fault:
        FAULTS[fault](world)
    return world


@pytest.mark.parametrize(("fault", "clock"), [("", 0), ("", -1700), ("the names change", 0)])
@pytest.mark.parametrize("halted_after", range(1, LOOK + 3))
def test_a_keeper_may_halt_at_any_request_and_go_on_at_any_point_of_a_rotation(
    fault: str, clock: int, halted_after: int
) -> None:
    rotation = [event for what, how in STEPS for event in ([("step", 1)] * how if what == "step" else [(what, how)])]
    for begins, goes_on in combinations(range(len(rotation) + 1), 2):
        world = _beginning(None, fault)
        with two(world) as keepers:
            keepers.live_through([*rotation[:begins], ("first", halted_after), *rotation[begins:goes_on]])
            keepers.live_through([("the clock is wrong by", clock), ("first", LOOK + 2)])
            keepers.live_through([("the clock is wrong by", 0), *rotation[goes_on:]])


@pytest.mark.parametrize("where", [None, *Phase])
@settings(max_examples=20, deadline=None)
@given(events=happenings)
@example(events=[("first", LOOK), *ROTATION, ("first", ALL)])
def test_two_keepers_make_no_api_server_refuse_a_leaf(where: Phase | None, events: Events) -> None:
    world = _beginning(where)
    with two(world) as keepers:
        keepers.live_through(events)
    world.run(20 * DAY, every=DAY / 2)
    assert next_step(world.state()).step is Step.WAIT


@pytest.mark.parametrize("fault", FAULTS)
@settings(max_examples=5, deadline=None)
@given(where=st.sampled_from([None, *Phase]), before=happenings, after=happenings)
@example(where=None, before=[], after=[("first", LOOK), *ROTATION, ("first", ALL)])
def test_two_keepers_and_a_fault_make_no_api_server_refuse_a_leaf(
    fault: str, where: Phase | None, before: Events, after: Events
) -> None:
    world = _beginning(where)
    with two(world) as keepers:
        keepers.live_through([*before, ("fault", fault), *after])
    world.run(20 * DAY, every=DAY / 2)


def test_the_check_notices_writes_that_are_not_refused() -> None:
    world = _beginning(None, "the names change")
    world.heedless = True
    with two(world) as keepers:
        keepers.live_through([("first", LOOK), *ROTATION])
        with pytest.raises(BrokenPromiseError):
            keepers.live_through([("first", 1)])

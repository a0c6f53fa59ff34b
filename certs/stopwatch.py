"""How long this process itself has seen the same state: recorded times are wrong after a clock has jumped."""

import datetime as dt
import time
from collections.abc import Callable

from msgspec.structs import replace

from certs.rotation import State


class Stopwatch:
    """Measures by a monotonic clock how long record and leaf have not changed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: object = None
        self._since = clock()

    def read(self, state: State) -> State:
        """Return the state with the time that it has been watched."""
        fingerprint = _fingerprint(state)
        if fingerprint != self._seen:
            self._seen, self._since = fingerprint, self._clock()
        return replace(state, watched=dt.timedelta(seconds=self._clock() - self._since))


def _fingerprint(state: State) -> tuple[object, ...]:
    record, leaf = state.record, state.leaf
    return (record and (record.phase, record.since, record.certificates), leaf and leaf.certificate)

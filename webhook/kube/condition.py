"""What can be said about our knowledge of one kind: whether it may be relied on, and if not, why."""

import time
from enum import StrEnum
from typing import Final

from msgspec import Struct


class State(StrEnum):
    """How well a kind is known. ABSENT is knowledge too: the cluster doesn't have the kind."""

    LOADING = "loading"
    CURRENT = "current"
    STALE = "stale"
    ABSENT = "absent"


class Condition(Struct, frozen=True, kw_only=True):
    """Of one kind: `age` is how many seconds ago the API server last confirmed it, `error` what went wrong since."""

    kind: str
    state: State
    age: float
    error: str = ""

    @property
    def good(self) -> bool:
        """Tell whether decisions may rest on it."""
        return self.state in {State.CURRENT, State.ABSENT}

    def __str__(self) -> str:
        """Say it in one line: `Pod: stale, last confirmed 200 s ago: the watch of pods broke`."""
        said = {
            State.LOADING: "not loaded yet",
            State.CURRENT: "current",
            State.STALE: f"stale, last confirmed {self.age:.0f} s ago",
            State.ABSENT: "not a kind of this cluster",
        }
        return f"{self.kind}: {said[self.state]}{self.error and ': ' + self.error}"


def now() -> float:
    """Return seconds of a clock that also goes on while the machine sleeps."""
    return time.clock_gettime(_CLOCK)


_CLOCK: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

"""How well each kind of the cluster is known: whether decisions may rest on it, and if not, why."""

import time
from enum import StrEnum
from typing import Final

from msgspec import Struct


class Freshness(StrEnum):
    """How well a kind is known. ABSENT is knowledge too: the cluster doesn't have the kind."""

    LOADING = "loading"
    CURRENT = "current"
    STALE = "stale"
    ABSENT = "absent"


class KindStatus(Struct, frozen=True, kw_only=True):
    """Of one kind: `age` is how many seconds ago the API server last confirmed it, `error` what went wrong since."""

    kind: str
    freshness: Freshness
    age: float
    error: str = ""

    @property
    def reliable(self) -> bool:
        """Tell whether decisions may rest on it."""
        return self.freshness in {Freshness.CURRENT, Freshness.ABSENT}

    def __str__(self) -> str:
        """Say it in one line: `Pod: stale, last confirmed 200 s ago: the watch of pods broke`."""
        said = {
            Freshness.LOADING: "not loaded yet",
            Freshness.CURRENT: "current",
            Freshness.STALE: f"stale, last confirmed {self.age:.0f} s ago",
            Freshness.ABSENT: "not a kind of this cluster",
        }
        return f"{self.kind}: {said[self.freshness]}{self.error and ': ' + self.error}"


def now() -> float:
    """Return seconds of a clock that also goes on while the machine sleeps."""
    return time.clock_gettime(_CLOCK)


_CLOCK: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

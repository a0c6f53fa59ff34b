"""What is measured, in the order of the table, and the values that were seen."""

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Measure(Enum):
    """A row of the table: its title and its unit."""

    THROUGHPUT = ("16 connections, saturated: allowed", "requests/s")
    CPU = ("16 connections, saturated: CPU per allowed request", "µs")
    TWICE = ("the same, each asked twice in a row as by both hooks: allowed", "requests/s")
    TWICE_CPU = ("the same, each asked twice in a row: CPU per allowed request", "µs")
    SATURATED_P50 = ("16 connections, saturated: p50", "ms")
    SATURATED_P99 = ("16 connections, saturated: p99", "ms")
    DENIED = ("16 connections, saturated: denied", "requests/s")
    STEADY_P50 = ("100 requests/s: p50", "ms")
    STEADY_P99 = ("100 requests/s: p99", "ms")
    STEADY_P999 = ("100 requests/s: p99.9", "ms")
    FRESH = ("a new connection for each request", "requests/s")
    FRESH_P99 = ("a new connection for each request: p99", "ms")
    OVERLOAD_ACCEPTED = ("twice its capacity: answered", "requests/s")
    OVERLOAD_ACCEPTED_P99 = ("twice its capacity: p99 of the answered", "ms")
    OVERLOAD_SHED = ("twice its capacity: 503 + Retry-After", "requests/s")
    OVERLOAD_SHED_P99 = ("twice its capacity: p99 of the 503s", "ms")
    OVERLOAD_UNSENT = ("twice its capacity: not sent, 400 being under way", "requests/s")
    OVERLOAD_FAILED = ("twice its capacity: connections lost", "requests/s")
    MEMORY = ("memory (RSS, all processes)", "MiB")
    CHARGED = ("memory as a container is charged: shared pages once", "MiB")
    START = ("start to ready", "s")
    CALLS = ("API calls per allowed request", "")
    ADDED_1 = ("its own duration at the API server, 1 create at a time", "ms")
    ADDED_8 = ("its own duration at the API server, 8 creates at a time", "ms")
    CREATE_1 = ("a whole VMIM create (client), 1 at a time: p50", "ms")
    CREATE_8 = ("a whole VMIM create (client), 8 at a time: p50", "ms")

    @property
    def title(self) -> str:
        """What is measured."""
        return str(self.value[0])

    @property
    def unit(self) -> str:
        """Unit of the values."""
        return str(self.value[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Values of several rounds."""

    minimum: float
    median: float
    maximum: float
    rounds: int


@dataclass(slots=True)
class Samples:
    """Values by measure and contestant, one for each round."""

    values: dict[tuple[Measure, str], list[float]] = field(default_factory=dict)

    def recall(self, document: Iterable[Mapping[str, Any]], contestants: Iterable[str]) -> None:
        """Take what a results file has, of measures that haven't been taken since."""
        for each in document:
            if each["contestant"] in contestants:
                self.values.setdefault((Measure[each["measure"].upper()], each["contestant"]), list(each["rounds"]))

    def add(self, contestant: str, **values: float) -> None:
        """Take values by the measure's name in small letters."""
        for name, value in values.items():
            self.values.setdefault((Measure[name.upper()], contestant), []).append(value)

    def has(self, contestant: str) -> bool:
        """Tell whether anything was measured of a contestant."""
        return any(name == contestant for _, name in self.values)

    def spread(self, measure: Measure, contestant: str) -> Spread | None:
        """Return the spread of what was seen, None for nothing."""
        seen = self.values.get((measure, contestant))
        if not seen:
            return None
        return Spread(minimum=min(seen), median=statistics.median(seen), maximum=max(seen), rounds=len(seen))

    def median(self, measure: Measure, contestant: str) -> float | None:
        """Return the median of what was seen, None for nothing."""
        spread = self.spread(measure, contestant)
        return spread.median if spread else None

    def ratio(self, measure: Measure, ours: str, theirs: str) -> float | None:
        """Return the median of the rounds' ratios, for what is measured in turn has met the same machine.

        Where there are more rounds of one, the ratio of the medians; None where one of them wasn't measured, or is 0.
        """
        numerators, denominators = (self.values.get((measure, each), []) for each in (ours, theirs))
        if not numerators or not denominators or 0 in denominators:
            return None
        if len(numerators) != len(denominators):
            return statistics.median(numerators) / statistics.median(denominators)
        return statistics.median(a / b for a, b in zip(numerators, denominators, strict=True))

    def document(self) -> list[Mapping[str, Any]]:
        """Return everything for the results file."""
        return [
            {"measure": measure.name.lower(), "unit": measure.unit, "contestant": contestant, "rounds": seen}
            for (measure, contestant), seen in self.values.items()
        ]

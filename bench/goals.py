"""What the issue of speed asks for: each goal against what was measured."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bench.contestants import CONTROLLER_RUNTIME, KOPF, OURS, VIRT_API
from bench.growth import Point
from bench.measures import Measure, Samples
from bench.plan import LARGE, MIDDLE, SMALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A goal, its limit and what was measured (None: it wasn't); `at_least` tells which way is better."""

    goal: str
    limit: float
    measured: float | None
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether it is reached; None when it wasn't measured."""
        if self.measured is None:
            return None
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ratio:
    goal: str
    measure: Measure
    than: str
    limit: float
    at_least: bool = False


_RATIOS: Final = (
    _Ratio(goal="requests/s per core against controller-runtime", measure=Measure.THROUGHPUT, than=CONTROLLER_RUNTIME,
           limit=1.5, at_least=True),
    _Ratio(goal="requests/s per core against kopf", measure=Measure.THROUGHPUT, than=KOPF, limit=2.5, at_least=True),
    _Ratio(goal="the same by CPU per request, ours ÷ controller-runtime's", measure=Measure.CPU,
           than=CONTROLLER_RUNTIME, limit=0.667),
    _Ratio(goal="the same by CPU per request, ours ÷ kopf's", measure=Measure.CPU, than=KOPF, limit=0.4),
    _Ratio(goal="p99 saturated against controller-runtime", measure=Measure.SATURATED_P99, than=CONTROLLER_RUNTIME,
           limit=1.0),
    _Ratio(goal="p99 at 100 requests/s against controller-runtime", measure=Measure.STEADY_P99,
           than=CONTROLLER_RUNTIME, limit=1.1),
    _Ratio(goal="own duration at the API server, 1 at a time, against controller-runtime", measure=Measure.ADDED_1,
           than=CONTROLLER_RUNTIME, limit=1.2),
    _Ratio(goal="own duration at the API server, 8 at a time, against controller-runtime", measure=Measure.ADDED_8,
           than=CONTROLLER_RUNTIME, limit=1.2),
    _Ratio(goal="own duration at the API server, 1 at a time, against virt-api's own", measure=Measure.ADDED_1,
           than=VIRT_API, limit=0.5),
    _Ratio(goal="own duration at the API server, 8 at a time, against virt-api's own", measure=Measure.ADDED_8,
           than=VIRT_API, limit=0.5),
)  # fmt: skip


def outcomes(samples: Samples, points: Sequence[Point]) -> tuple[Outcome, ...]:
    """Compare everything that was asked for with what was measured."""
    return (*_ratios(samples), *_limits(samples), *_growth(points))


def _ratios(samples: Samples) -> Iterable[Outcome]:
    for each in _RATIOS:
        ratio = samples.ratio(each.measure, OURS, each.than)
        yield Outcome(goal=each.goal, limit=each.limit, measured=ratio, unit="x", at_least=each.at_least)


def _limits(samples: Samples) -> Iterable[Outcome]:
    limits = {
        Measure.OVERLOAD_ACCEPTED_P99: 250.0,
        Measure.OVERLOAD_SHED_P99: 10.0,
        Measure.CALLS: 0.0,
    }
    for measure, limit in limits.items():
        yield Outcome(goal=measure.title, limit=limit, measured=samples.median(measure, OURS), unit=measure.unit)


def _growth(points: Sequence[Point]) -> Iterable[Outcome]:
    by_size = {point.vmis: point for point in points}
    small, middle, large = (by_size.get(size.vmis) for size in (SMALL, MIDDLE, LARGE))
    slower = large.p99 / small.p99 if small and large else None
    yield Outcome(goal=f"p99 at {LARGE} against {SMALL}", limit=1.2, measured=slower, unit="x")
    yield Outcome(
        goal=f"memory as charged at {MIDDLE}", limit=100, measured=middle.charged if middle else None, unit="MiB"
    )
    yield Outcome(
        goal=f"memory as charged at {LARGE}", limit=300, measured=large.charged if large else None, unit="MiB"
    )
    yield Outcome(goal=f"start to ready at {MIDDLE}", limit=5, measured=middle.start if middle else None, unit="s")
    yield Outcome(goal=f"report at {MIDDLE}", limit=10, measured=middle.report if middle else None, unit="s")
    yield Outcome(goal="the report's page opens", limit=3, measured=middle.opens if middle else None, unit="s")

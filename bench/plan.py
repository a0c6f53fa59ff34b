"""How long, how often and in which order is measured: the whole benchmark in 20 minutes, the quick one in 5."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from bench.stand_in import Size

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Durations in seconds. `sizes` are the clusters of the growth curves."""

    turns: int
    turn: float
    rounds: int
    saturated: float
    steady: float
    fresh: float
    overload: float
    create_turns: int
    growth_rounds: int
    growth_steady: float
    sizes: tuple[Size, ...]
    report: Size | None


USUAL: Final = Size(nodes=50, vmis=500)
"""The cluster in which contestants are compared."""
SMALL, MIDDLE, LARGE = USUAL, Size(nodes=500, vmis=5_000), Size(nodes=5_000, vmis=50_000)

FULL: Final = Plan(
    turns=15, turn=1.5, rounds=5, saturated=3, steady=12, fresh=3, overload=3, create_turns=12,
    growth_rounds=9, growth_steady=4, sizes=(SMALL, MIDDLE, LARGE), report=MIDDLE,
)  # fmt: skip
QUICK: Final = Plan(
    turns=5, turn=1, rounds=2, saturated=2, steady=4, fresh=2, overload=2, create_turns=2,
    growth_rounds=2, growth_steady=3, sizes=(SMALL, MIDDLE), report=None,
)  # fmt: skip


def in_turn(number: int, measured: Sequence[T]) -> tuple[T, ...]:
    """Return what is measured in one round, of which each begins with another one."""
    first = number % len(measured)
    return (*measured[first:], *measured[:first])

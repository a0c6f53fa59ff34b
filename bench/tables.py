"""What was measured, as Markdown: the comparison, the growth, and what was aimed at."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.contestants import BEFORE, CONTROLLER_RUNTIME, KOPF, OURS, VIRT_API
from bench.goals import Outcome
from bench.growth import Point
from bench.layers import LAYERS
from bench.measures import Measure, Samples, Spread

BUSY = 0.5
"""Load average above which others disturb what is measured."""
BRIEF = (Measure.THROUGHPUT, Measure.SATURATED_P99, Measure.STEADY_P99, Measure.ADDED_1, Measure.CHARGED)
NAMES = (OURS, CONTROLLER_RUNTIME, KOPF, VIRT_API)
"""Who is always compared."""


def circumstances(document: Mapping[str, Any]) -> str:
    """Return when and where it was measured, and what else the machine did."""
    host, busy, versions = document["machine"], document["busy"], document["versions"]
    others = f"{busy['others_before']:g} of {host['cores']} cores before and {busy['others_after']:g} after"
    stolen = f"; other machines of the host took {busy['stolen']:.1%} of a core meanwhile" if "stolen" in busy else ""
    named = ", ".join(f"{name} {number}" for name, number in versions.items())
    return (
        f"Measured on {document['when'][:10]}: {host['cores']} cores of {host['cpu']}, {host['memory']}, "
        f"{host['system']}; {named}. Others kept {others} busy (load average {busy['load_average_before']:.1f} before"
        f"{', which is a lot: read ratios, not numbers' if busy['load_average_before'] > BUSY else ''}){stolen}.\n"
    )


def comparison(samples: Samples) -> str:
    """Return the table of all contestants: median (minimum-maximum) of the rounds, and ours against each."""
    others = (*((BEFORE,) if samples.has(BEFORE) else ()), *NAMES[1:])
    head = ["measure", "unit", "this webhook", *others, *(f"ours ÷ {name}" for name in others)]
    rows = [
        [measure.title, measure.unit, *(_cell(samples.spread(measure, name)) for name in (OURS, *others)),
         *(_ratio(samples.ratio(measure, OURS, name)) for name in others)]
        for measure in Measure
        if any(samples.spread(measure, name) for name in NAMES)
    ]  # fmt: skip
    return _table(head, rows)


def brief(samples: Samples) -> str:
    """Return the rows that a user asks about first: medians only."""
    head = ["", "this webhook", *NAMES[1:], f"ours ÷ {CONTROLLER_RUNTIME}"]
    rows = [
        [f"{measure.title}, {measure.unit}", *(_number(samples.median(measure, name)) for name in NAMES),
         _ratio(samples.ratio(measure, OURS, CONTROLLER_RUNTIME))]
        for measure in BRIEF
    ]  # fmt: skip
    return _table(head, rows)


def growth(points: Sequence[Point]) -> str:
    """Return the table of the sizes."""
    head = [
        "nodes", "VMIs", "PVCs", "start, s", "p50 at 100/s, ms", "p99 at 100/s, ms", "CPU per request, ms",
        "requests/s", "RSS, MiB", "charged, MiB", "report, s", "its page opens, s",
    ]  # fmt: skip
    rows = [
        [
            f"{point.nodes:,}", f"{point.vmis:,}", f"{2 * point.vmis:,}",
            *map(_number, (point.start, point.p50, point.p99, point.cpu, point.throughput, point.memory,
                           point.charged, point.report, point.opens)),
        ]
        for point in points
    ]  # fmt: skip
    return _table(head, rows)


def layers(measured: Mapping[str, float], samples: Samples) -> str:
    """Return the table of our own layers, and of what remains of an allowed request's CPU time beside them."""
    rows = [[name, _number(value)] for name, value in measured.items()]
    if (whole := samples.median(Measure.CPU, OURS)) is not None:
        own = sum(value for name, value in measured.items() if name in LAYERS)
        rows.append(
            ["the rest of a request: TLS, the kernel, the event loop, caches that are cold", _number(whole - own)]
        )
    return _table(["layer, alone in one thread", "µs"], rows)


def aims(outcomes: Iterable[Outcome]) -> str:
    """Return the table of goals: limit, what was measured, and whether it is reached."""
    words = {True: "yes", False: "**no**", None: "not measured"}
    rows = [
        [each.goal, f"{'≥' if each.at_least else '≤'} {each.limit:g} {each.unit}".strip(),
         f"{_number(each.measured)} {each.unit}".strip(), words[each.met]]
        for each in outcomes
    ]  # fmt: skip
    return _table(["goal", "limit", "measured", "reached"], rows)


def _cell(spread: Spread | None) -> str:
    if spread is None:
        return ""
    if spread.rounds == 1 or spread.minimum == spread.maximum:
        return _number(spread.median)
    return f"{_number(spread.median)} ({_number(spread.minimum)}-{_number(spread.maximum)})"


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or value == 0 else f"{value:.3g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)

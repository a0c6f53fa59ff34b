"""How this webhook fares as the cluster grows: all sizes in the same run, measured in turn."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from playwright.sync_api import Page, expect

from bench import correctness
from bench.contestants import US, Running
from bench.direct import ALLOWED_BODIES, SETTLING, Arena, arena, saturated
from bench.machine import SERVER_CORE, memory, on_core
from bench.plan import Plan, in_turn
from bench.programs import Programs
from bench.stand_in import Size
from testbed.browser import chromium

REPORT_LIMIT: Final = 300
"""Seconds after which a report is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One size, with the medians of its rounds; memory is the most that was seen, in MiB.

    Times: `start`, `report` and `opens` (the report as a page, in a browser) in seconds, the others in ms; None: not
    measured.
    """

    nodes: int
    vmis: int
    start: float
    cpu: float
    p50: float
    p99: float
    throughput: float
    memory: float
    charged: float
    report: float | None
    opens: float | None


def grow(programs: Programs, folder: Path, plan: Plan) -> list[Point]:
    """Measure each size of the plan: all of them run, and take their turns."""
    folder.mkdir()
    with ExitStack() as stack:
        sizes = [_started(stack, programs, folder / str(size.vmis), size) for size in plan.sizes]
        for number in range(plan.growth_rounds):
            for each in in_turn(number, sizes):
                print(f"growth, round {number + 1} of {plan.growth_rounds}: {each.size}", file=sys.stderr, flush=True)
                each.measure(plan)
        return [each.point(reported=plan.report == each.size) for each in sizes]


@dataclass(kw_only=True)
class _Measured:
    """Our webhook in a cluster of one size, and what was seen of it in each round."""

    size: Size
    place: Arena
    target: Running
    start: float
    rounds: list[dict[str, float]] = field(default_factory=list)

    def measure(self, plan: Plan) -> None:
        """Measure one round."""
        load = self.place.load(self.target)
        steady = load.expect("allowed", ALLOWED_BODIES, seconds=plan.growth_steady, rate=100).of("allowed")
        seen, cpu = saturated(load, self.target, ALLOWED_BODIES, seconds=plan.turn)
        held = memory(self.target.pid)
        self.rounds.append({
            "p50": steady.p50,
            "p99": steady.p99,
            "cpu": cpu * 1000,
            "throughput": seen.rate("allowed"),
            "memory": held.resident,
            "charged": held.charged,
        })  # fmt: skip

    def point(self, *, reported: bool) -> Point:
        """Sum it up; a report is made where it is asked for."""
        page = self.place.folder / "report.html"
        return Point(
            nodes=self.size.nodes,
            vmis=self.size.vmis,
            start=self.start,
            **{name: self._of(median, name) for name in ("p50", "p99", "cpu", "throughput")},
            **{name: self._of(max, name) for name in ("memory", "charged")},
            report=_report(self.place, self.place.folder / "report.json") if reported else None,
            opens=_opens(page) if reported and _report(self.place, page) else None,
        )

    def _of(self, summed_up: Callable[..., Any], name: str) -> float:
        return float(summed_up(each[name] for each in self.rounds))


def _started(stack: ExitStack, programs: Programs, folder: Path, size: Size) -> _Measured:
    print(f"growth: starting with {size}", file=sys.stderr, flush=True)
    place = stack.enter_context(arena(programs, folder, size))
    target = stack.enter_context(place.running(US))
    start = correctness.wait_until_right(target)
    time.sleep(SETTLING)
    return _Measured(size=size, place=place, target=target, start=start)


def _report(place: Arena, to: Path) -> float | None:
    """Return how long `report` takes on the whole cluster, in the form that the file's name ends with.

    None when it fails.
    """
    plugin = place.programs["python"].with_name("kubectl-livemigration")
    form = to.suffix.removeprefix(".")
    command: list[str | Path] = [plugin, "report", "--kubeconfig", place.stand_in.kubeconfig, "--output", form]
    began = time.monotonic()
    with on_core(SERVER_CORE), to.open("w") as output:
        result = subprocess.run(
            command, stdout=output, stderr=subprocess.PIPE, text=True, timeout=REPORT_LIMIT, check=False
        )
    if result.returncode not in {0, 1}:
        print(f"report: {result.stderr}", file=sys.stderr)
        return None
    return time.monotonic() - began


def _opens(page: Path) -> float:
    """Return how long a browser takes until it shows the page and could search it; it is warm, as people's are."""
    with chromium() as browser:
        return min(_opens_in(browser.new_page(), page) for _ in range(2))


def _opens_in(tab: Page, page: Path) -> float:
    began = time.monotonic()
    tab.goto(page.as_uri())
    expect(tab.locator("#count")).to_contain_text("VMs", timeout=REPORT_LIMIT * 1000)
    taken = time.monotonic() - began
    tab.close()
    return taken

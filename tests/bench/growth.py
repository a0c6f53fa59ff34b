"""How this webhook fares as the cluster grows: each size beside the smallest one, in the same run."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import correctness
from tests.bench.contestants import CONTESTANTS
from tests.bench.direct import ALLOWED_BODIES, SETTLING, Arena, arena
from tests.bench.machine import SERVER_CORE, cpu_seconds, memory, on_core
from tests.bench.plan import Plan
from tests.bench.programs import Programs
from tests.bench.stand_in import Size

REPORT_LIMIT = 300
"""Seconds after which a report is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One size. Times: `start` and `report` in seconds (None: not measured), the others in ms; memory in MiB."""

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


def grow(programs: Programs, folder: Path, plan: Plan) -> list[Point]:
    """Measure each size of the plan."""
    folder.mkdir()
    return [_point(programs, folder / str(size.vmis), size, plan) for size in plan.sizes]


def _point(programs: Programs, folder: Path, size: Size, plan: Plan) -> Point:
    print(f"growth: {size}", file=sys.stderr, flush=True)
    with arena(programs, folder, size) as place:
        with place.running(CONTESTANTS[0]) as target:
            start = correctness.wait_until_right(target)
            time.sleep(SETTLING)
            load = place.load(target)
            steady = load.expect("allowed", ALLOWED_BODIES, seconds=plan.steady, rate=100).of("allowed")
            used = cpu_seconds(target.pid)
            saturated = load.expect("allowed", ALLOWED_BODIES, seconds=plan.saturated, warm_up=0)
            used = cpu_seconds(target.pid) - used
            held = memory(target.pid)
        report = _report(place) if plan.report == size else None
    return Point(
        nodes=size.nodes,
        vmis=size.vmis,
        start=start,
        cpu=used / saturated.of("allowed").count * 1000,
        p50=steady.p50,
        p99=steady.p99,
        throughput=saturated.rate("allowed"),
        memory=held.resident,
        charged=held.charged,
        report=report,
    )


def _report(place: Arena) -> float | None:
    """Return how long `report` takes on the whole cluster, None when it fails."""
    plugin = place.programs["python"].with_name("kubectl-livemigration")
    command: list[str | Path] = [plugin, "report", "--kubeconfig", place.stand_in.kubeconfig, "--output", "json"]
    began = time.monotonic()
    with on_core(SERVER_CORE), (place.folder / "report.json").open("w") as output:
        result = subprocess.run(
            command, stdout=output, stderr=subprocess.PIPE, text=True, timeout=REPORT_LIMIT, check=False
        )
    if result.returncode not in {0, 1}:
        print(f"report: {result.stderr}", file=sys.stderr)
        return None
    return time.monotonic() - began

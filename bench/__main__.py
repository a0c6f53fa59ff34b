"""`python -m bench [--quick]`: build, compare, print one table, write the results.

Nothing here is a test: it measures time, and fails only where a contestant gives a wrong answer.
"""

import argparse
import copy
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from bench import curves, direct, growth, layers, machine, programs, real_api_server, tables
from bench.goals import outcomes
from bench.measures import Samples
from bench.plan import FULL, QUICK, Plan
from testbed import build

FOLDER = Path(__file__).parent / "results"
PAGE = FOLDER.parents[1] / "docs" / "performance.md"
BEGIN = "<!-- what `make bench` measured -->"
END = "<!-- the end of what `make bench` measured -->"
STAGES = ("saturated", "direct", "api-server", "growth", "layers")


def main() -> int:
    """Run the stages that are asked for. Exit code 0, or 1 where something is missing."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few rounds, and no large cluster: 5 minutes")
    parser.add_argument("--before", metavar="COMMIT", default="", help="compare with this webhook at that commit, too")
    parser.add_argument("--only", choices=STAGES, action="append", help="one stage (again for more); all by default")
    parser.add_argument(
        "--into", type=Path, help="folder of the results; bench/results/, with --quick or --before one in there"
    )
    options = parser.parse_args()
    try:
        machine.check()
        built = programs.programs(options.before)
    except (machine.TooSmallError, build.GoMissingError, build.BuildFailedError) as error:
        print(error, file=sys.stderr)
        return 1
    kind = "before" if options.before else "quick" if options.quick else ""
    into = options.into or FOLDER / kind
    _run(built, FULL if not options.quick else QUICK, options.only or STAGES, into)
    return 0


def _run(built: programs.Programs, plan: Plan, stages: Sequence[str], into: Path) -> None:
    """Run the stages, and write what is known after each: a later one may fail."""
    samples, points, by_layer = Samples(), list[growth.Point](), dict[str, float]()
    busy, began, stolen = _others_before(), time.monotonic(), machine.stolen_seconds()
    with tempfile.TemporaryDirectory(prefix="live-migration-webhook-bench-") as folder:
        place = Path(folder)
        run = {
            "saturated": lambda: direct.saturate(built, place / "saturated", plan, samples),
            "direct": lambda: direct.compare(built, place / "direct", plan, samples),
            "api-server": lambda: real_api_server.measure(built, place / "api-server", plan, samples),
            "growth": lambda: points.extend(growth.grow(built, place / "growth", plan)),
            "layers": lambda: by_layer.update(layers.measure(built["python"])),
        }
        for stage in stages:
            run[stage]()
            found = Findings(samples=copy.deepcopy(samples), points=list(points), layers=dict(by_layer))
            taken = (machine.stolen_seconds() - stolen) / (time.monotonic() - began)
            _write(built, into, found, {**busy, "others_after": _others(), "stolen": round(taken, 3)})


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was measured so far, or in an earlier run."""

    samples: Samples
    points: list[growth.Point]
    layers: dict[str, float]

    def recall(self, file: Path) -> None:
        """Take from an earlier run the stages that were not asked for this time."""
        if file.exists():
            earlier = json.loads(file.read_text())
            self.samples.recall(earlier["samples"], tables.NAMES)
            if not self.points:
                self.points.extend(growth.Point(**each) for each in earlier["growth"])
            if not self.layers:
                self.layers.update(earlier.get("layers", {}))


def _write(built: programs.Programs, into: Path, found: Findings, busy: dict[str, float]) -> None:
    found.recall(into / "results.json")
    samples, points = found.samples, found.points
    reached = outcomes(samples, points)
    document = {
        "when": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "busy": busy,
        "versions": _versions(built["python"]),
        "samples": samples.document(),
        "growth": [asdict(point) for point in points],
        "layers": found.layers,
        "goals": [{**asdict(each), "met": each.met} for each in reached],
    }
    into.mkdir(parents=True, exist_ok=True)
    parts = [tables.circumstances(document), tables.comparison(samples)]
    if points:
        parts.append(tables.growth(points))
        (into / "growth.svg").write_text(curves.curves(points))
    parts.append(tables.aims(reached))
    if found.layers:
        parts.append(tables.layers(found.layers, samples))
    (into / "results.json").write_text(json.dumps(document, indent=1) + "\n")
    (into / "results.md").write_text("\n".join(parts))
    if into == FOLDER:
        _document("\n".join(parts))
    print("\n".join(parts))


def _document(measured: str) -> None:
    """Put the tables of a full run into the documentation, between its marks."""
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    PAGE.write_text(f"{before}{begin}\n\n{measured}\n{end}{after}")


def _versions(python: Path) -> dict[str, str]:
    go = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True)
    return {
        "python": programs.python_version(python),
        "gunicorn": version("gunicorn"),
        "go": go.stdout.strip(),
        "controller-runtime": programs.CONTROLLER_RUNTIME.version,
        "kopf": programs.kopf_version(),
        "kubernetes": build.KUBERNETES.version,
        "kubevirt": build.KUBEVIRT.version,
    }


def _others_before() -> dict[str, float]:
    """Say how busy the machine is with other things, before anything is measured."""
    return {"load_average_before": os.getloadavg()[0], "others_before": _others()}


def _others() -> float:
    """Return how many cores others keep busy at this moment: 0 is a quiet machine."""
    before = machine.busy_seconds()
    time.sleep(3)
    return round((machine.busy_seconds() - before) / 3, 2)


if __name__ == "__main__":
    sys.exit(main())

"""What a report on a large cluster costs: `python -m tests.report.bench [--machines 5000] [--nodes 500]`.

Each size runs in a process of its own, so that its memory is its own. The report of 5,000 virtual machines on 500 nodes
is due within 10 s and 500 MB, and twice the virtual machines must not cost more than about twice the time.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import Final

from tests.report.large import large_cluster
from webhook.engine.policy import Policy
from webhook.foresight.survey import machines_in, survey
from webhook.report import forms
from webhook.state.snapshot import snapshot_of

SECONDS: Final = 10.0
MEGABYTES: Final = 500
GROWTH: Final = 2.6
"""Times the cost for twice the virtual machines: two, and room for other things that the machine does."""
FORMS: Final = ("html", "json", "markdown", "sarif", "junit", "openreports")


def measured(machines: int, nodes: int) -> dict[str, float]:
    """Return seconds of processor time for the survey and each form with it, and the most memory in MB."""
    snapshot = snapshot_of(large_cluster(machines=machines, nodes=nodes))
    begun = time.process_time()
    found = survey(snapshot, Policy(), machines_in(snapshot))
    surveyed = time.process_time() - begun
    result = {"survey": surveyed}
    for form in FORMS:
        begun = time.process_time()
        forms.written("report", form, found)
        result[form] = surveyed + time.process_time() - begun
    return result | {"MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def in_a_process(machines: int, nodes: int) -> dict[str, float]:
    """Measure in a process of its own."""
    code = f"import json; from tests.report.bench import measured; print(json.dumps(measured({machines}, {nodes})))"
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(result.stdout)
    return found


def main() -> int:
    """Measure, print, and return 1 when something costs too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=5000)
    parser.add_argument("--nodes", type=int, default=500)
    arguments = parser.parse_args()
    half = in_a_process(arguments.machines // 2, arguments.nodes)
    whole = in_a_process(arguments.machines, arguments.nodes)
    print(f"{arguments.machines} VMs on {arguments.nodes} nodes (half as many VMs in brackets)")
    for name, value in whole.items():
        print(f"  {name:12}{value:8.2f} ({half[name]:.2f})")
    slow = [form for form in FORMS if whole[form] > SECONDS]
    steep = whole["survey"] > GROWTH * half["survey"]
    return int(bool(slow) or whole["MB"] > MEGABYTES or steep)


if __name__ == "__main__":
    sys.exit(main())

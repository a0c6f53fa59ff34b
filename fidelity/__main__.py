"""Compares many random clusters and machines with the judges.

`python -m fidelity [--clusters N] [--machines N] [VERSION…]`: clusters with kube-scheduler, machines with each KubeVirt
(or those versions alone, as v1.9.0). What 600 machines or more are answered is kept for the tests.
"""

import argparse
import sys
from collections.abc import Sequence

from fidelity import recorded, versions
from fidelity.comparison import disagreements
from fidelity.judges import SchedulerJudge
from fidelity.kubevirts import VERSIONS


def main(arguments: Sequence[str]) -> int:
    """Print each disagreement and their numbers; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m fidelity")
    parser.add_argument("--clusters", type=int, default=10_000)
    parser.add_argument("--machines", type=int, default=600)
    parser.add_argument("versions", nargs="*", default=VERSIONS, metavar="VERSION")
    asked = parser.parse_args(arguments)
    found = _clusters(asked.clusters) if asked.clusters else 0
    for version in asked.versions if asked.machines else ():
        found += _machines(version, asked.machines)
    return 1 if found else 0


def _clusters(number: int) -> int:
    def progress(done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done} of {number} clusters", end="" if done < number else "\n", file=sys.stderr, flush=True)

    found = 0
    with SchedulerJudge(without=["NodeResourcesFit"]) as scheduler:
        for disagreement in disagreements(range(number), scheduler, progress):
            found += 1
            print(disagreement, flush=True)
    print(f"{number} clusters, {found} disagreements")
    return found


def _machines(version: str, number: int) -> int:
    lines = list(versions.report(version, number, recorded.keep))
    print("\n".join(lines), flush=True)
    return len(lines) - 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

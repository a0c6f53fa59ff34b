"""Compares many random clusters: `python -m fidelity [CASES [FIRST_SEED]]`."""

import sys

from fidelity.comparison import disagreements
from fidelity.judges import SchedulerJudge


def main(cases: int = 10_000, first: int = 0) -> int:
    """Print each disagreement and their number; return the exit code."""

    def progress(done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done} of {cases} clusters", end="" if done < cases else "\n", file=sys.stderr, flush=True)

    found = 0
    with SchedulerJudge(without=["NodeResourcesFit"]) as scheduler:
        for disagreement in disagreements(range(first, first + cases), scheduler, progress):
            found += 1
            print(disagreement, flush=True)
    print(f"{cases} clusters, {found} disagreements")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))

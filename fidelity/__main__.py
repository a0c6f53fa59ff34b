"""Compares many random clusters and machines with the judges.

`python -m fidelity [--clusters N] [--machines N] [--all-plugins] [VERSION…]`: clusters with each kube-scheduler, and
machines with each KubeVirt (or those versions alone, as v1.9.0). `--all-plugins` judges clusters by what the engine
doesn't follow yet, too. The first answers about machines are kept for the tests.
"""

import argparse
import sys
from collections.abc import Sequence

from fidelity import recorded, versions
from fidelity.comparison import disagreements
from fidelity.coverage import decided
from fidelity.judges import NOT_FOLLOWED, SCHEDULERS, SchedulerJudge
from fidelity.kubevirts import VERSIONS


def main(arguments: Sequence[str]) -> int:
    """Print each disagreement and their numbers; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m fidelity")
    parser.add_argument("--clusters", type=int, default=10_000)
    parser.add_argument("--machines", type=int, default=600)
    parser.add_argument("--all-plugins", action="store_true")
    parser.add_argument("versions", nargs="*", default=VERSIONS, metavar="VERSION")
    asked = parser.parse_args(arguments)
    found = 0
    for kubernetes in SCHEDULERS if asked.clusters else ():
        found += _clusters(kubernetes, asked.clusters, () if asked.all_plugins else NOT_FOLLOWED)
    for version in asked.versions if asked.machines else ():
        found += _machines(version, asked.machines)
    return 1 if found else 0


def _clusters(version: str, number: int, without: Sequence[str]) -> int:
    def progress(done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done} of {number} clusters", end="" if done < number else "\n", file=sys.stderr, flush=True)

    found = 0
    with SchedulerJudge(version, without=without) as scheduler:
        for disagreement in disagreements(range(number), scheduler, progress):
            found += 1
            print(disagreement, flush=True)
    print(f"Kubernetes {version.removeprefix('v')}: {number} clusters, {found} disagreements")
    with SchedulerJudge(version) as scheduler:
        for plugin, count in decided(range(number), scheduler):
            print(f"{count:7} decided by {plugin}{' (not followed)' if plugin in without else ''}", flush=True)
    return found


def _machines(version: str, number: int) -> int:
    lines = list(versions.report(version, number, recorded.keep))
    print("\n".join(lines), flush=True)
    return len(lines) - 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

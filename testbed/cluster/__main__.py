"""`python -m testbed.cluster [COMMAND …]`: run a command where it can start a cluster, and leave nothing behind.

Without a command: start the cluster, install the chart, and keep it until it is interrupted.
"""

import argparse
import sys

from testbed.build import BuildFailedError, GoMissingError
from testbed.cluster import enclosure, machine, parts, traces
from testbed.cluster.images import ImageError

UNFIT = 3
"""Exit code where no cluster can run."""


def main() -> int:
    """Install and build what is missing, run the command, compare the machine before and after."""
    parser = argparse.ArgumentParser(prog="python -m testbed.cluster", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only tell whether a cluster can run here")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    try:
        machine.check()
        if options.check:
            return 0
        machine.install()
        built = parts.build()
    except machine.UnfitError as error:
        print(error, file=sys.stderr)
        return UNFIT
    except (GoMissingError, BuildFailedError, ImageError) as error:
        print(error, file=sys.stderr)
        return 1
    return _run(options.command, built)


def _run(command: list[str], built: parts.Parts) -> int:
    before = traces.look()
    code = enclosure.run(command, built.environment())
    left = traces.look().beyond(before)
    for line in left:
        print(f"left behind: {line}", file=sys.stderr)
    return code or bool(left)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m testbed.cluster [COMMAND …]`: run a command or a shell where a cluster can start; leave nothing behind."""

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
    parser.add_argument("--core", action="store_true", help="without the programs that only the longer tests need")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    try:
        machine.check()
        if options.check:
            return 0
        machine.install()
        built = parts.build(core=options.core)
    except machine.UnfitError as error:
        print(error, file=sys.stderr)
        return UNFIT
    except (GoMissingError, BuildFailedError, ImageError) as error:
        print(error, file=sys.stderr)
        return 1
    return _run(options.command or ["bash"], built)


def _run(command: list[str], built: parts.Parts) -> int:
    before = traces.look()
    code = enclosure.run(command, built.environment())
    left = traces.look().beyond(before)
    for line in left:
        print(f"left behind: {line}", file=sys.stderr)
    return code or bool(left)


if __name__ == "__main__":
    sys.exit(main())

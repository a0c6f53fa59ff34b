"""Runs one of the programs: `python -m tools.linters NAME ARGUMENT…`."""

import os
import sys

from tools.linters import program

if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    os.execv(program(name), [name, *arguments])  # noqa: S606 - nothing of the command line passes a shell

"""`kubectl livemigration`: who can move, where to, and why not.

Each command is a presentation of Assessments; no rule is written here.
"""

import sys


def main() -> None:
    """Run the command line as kubectl starts it, and exit with its code."""
    from webhook.plugin.group import run  # noqa: PLC0415 - completion starts elsewhere, and needs none of it

    sys.exit(run(sys.argv[1:]))

"""`kubectl livemigration`: who can move, where to, and why not.

Each command is a presentation of Assessments; no rule is written here.
"""

import gc
import sys
from typing import Final

_GARBAGE: Final = 100_000
"""New objects after which Python looks for cycles: a report is made of millions that stay until it is written."""


def main() -> None:
    """Run the command line as kubectl starts it, and exit with its code."""
    gc.set_threshold(_GARBAGE)
    from webhook.plugin.group import run  # noqa: PLC0415 - completion starts elsewhere, and needs none of it

    sys.exit(run(sys.argv[1:]))

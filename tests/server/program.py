"""The service as tests start it: it ends when its parent ends, and may have one restriction that only tests have.

`python -m tests.server.program serve …` is `live-migration-webhook serve …`. INJECTED is empty, `raise` for a
restriction that raises, or a path for one that waits until that file exists.
"""

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from webhook import assessment
from webhook.cli import main
from webhook.restrictions.restriction import Case, Concern
from webhook.verdict import Violation

RAISE = "raise"
_PR_SET_PDEATHSIG = 1


class Injected:
    """A restriction that is never merely broken."""

    ID = "injected"
    CONCERN = Concern.STATE
    REMEDY = "use no tests"

    def check(self, case: Case, /) -> Iterator[Violation]:  # noqa: ARG002
        """Raise, or wait."""
        wanted = os.environ["INJECTED"]
        if wanted == RAISE:
            raise RuntimeError("injected")
        while not Path(wanted).exists():
            time.sleep(0.01)
        return iter(())


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.environ.get("INJECTED"):
        vars(assessment)["ALL"] = (*vars(assessment)["ALL"], Injected())
    main(prog_name="live-migration-webhook")

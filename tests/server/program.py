"""The service as tests start it: it ends when its parent ends, and may fail or wait as only tests want it to.

`python -m tests.server.program serve …` is `live-migration-webhook serve …`. INJECTED is empty, `raise` for a
restriction that raises, or a path for an API server that doesn't answer until that file exists.
"""

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from webhook.cli import main
from webhook.engine import assessment
from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.verdict import Violation
from webhook.state.kinds import Reference
from webhook.state.manifests import Manifests
from webhook.state.snapshot import Snapshot

RAISE = "raise"
_PR_SET_PDEATHSIG = 1


class Raising:
    """A restriction that can't be judged."""

    ID = "injected"
    CONCERN = Concern.STATE
    REMEDY = "use no tests"

    def check(self, case: Case, /) -> Iterator[Violation]:  # noqa: ARG002
        """Raise."""
        raise RuntimeError("injected")


def reread_later(_: Manifests, snapshot: Snapshot, references: frozenset[Reference], timeout: float) -> Snapshot:  # noqa: ARG001
    """Wait, and find what was known before."""
    while not Path(os.environ["INJECTED"]).exists():
        time.sleep(0.01)
    return snapshot


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.environ.get("INJECTED") == RAISE:
        vars(assessment)["ALL"] = (*vars(assessment)["ALL"], Raising())
    elif os.environ.get("INJECTED"):
        Manifests.reread = reread_later  # type: ignore[method-assign, assignment]
    main(prog_name="live-migration-webhook")

"""The service as tests start it: it ends when its parent ends, and may fail or wait as only tests want it to.

`python -m tests.server.program serve …` is `live-migration-webhook serve …`. INJECTED is empty, `raise` for one
restriction more, which raises, or a path for an API server that doesn't answer until that file exists.
"""

import asyncio
import ctypes
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
from msgspec import Struct
from msgspec.structs import replace

from webhook.cli import main, settings_from, with_settings
from webhook.engine.restrictions import ALL
from webhook.engine.restrictions.restriction import Case, Concern
from webhook.engine.verdict import Violation
from webhook.kube import logs
from webhook.kube.source import Cluster
from webhook.server.process import run
from webhook.settings.clusters import source_of
from webhook.state.kinds import Reference
from webhook.state.snapshot import Snapshot

RAISE = "raise"
INJECTED: Final = os.environ.get("INJECTED", "")
_PR_SET_PDEATHSIG = 1


class Raising:
    """A restriction that can't be judged."""

    ID = "injected"
    CONCERN = Concern.STATE
    REMEDY = "use no tests"

    def check(self, case: Case, /) -> Iterator[Violation]:  # noqa: ARG002
        """Raise."""
        raise RuntimeError("injected")


class Waiting(Struct, frozen=True):
    """A cluster that can't be read again before a file exists."""

    cluster: Cluster
    gate: Path

    def snapshot(self) -> Snapshot:
        """Return what is known."""
        return self.cluster.snapshot()

    async def reread(self, snapshot: Snapshot, references: frozenset[Reference], timeout: float) -> Snapshot:
        """Wait, and read."""
        while not self.gate.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return await self.cluster.reread(snapshot, references, timeout)


@click.group()
def injected() -> None:
    """Run the service with what is injected."""


@injected.command()
@with_settings()
def serve(**flags: str | None) -> None:
    """Serve with one restriction more, or with a cluster that can't be read again yet."""
    settings = settings_from(flags)
    logs.configure(settings.log_format, settings.log_level)
    source = source_of(settings)
    if INJECTED == RAISE:
        run(settings, source, (*ALL, Raising()))
    else:
        run(settings, replace(source, cluster=Waiting(source.cluster, Path(INJECTED))))


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    program = injected if INJECTED else main
    program(prog_name="live-migration-webhook")

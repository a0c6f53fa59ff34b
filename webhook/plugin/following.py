"""Following a migration to its end: a bar on a terminal, a line for each phase elsewhere.

KubeVirt's API doesn't say how much data remain (only virt-handler's metrics do), so the bar shows the time against the
completion timeout.
"""

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from webhook.kube.api import Api, Document
from webhook.objects.fields import Fields
from webhook.objects.labels import OURS
from webhook.objects.phases import FINAL_PHASES
from webhook.plugin.moving import TIMEOUT, phase
from webhook.state.kinds import MIGRATION

TICK: Final = 0.5
"""Seconds between two looks."""
COMPLETION_TIMEOUTS: Final = tuple(f"{OURS}completion-timeout{of}" for of in ("-of-kubevirt", ""))
"""The webhook writes them on a migration that it allows; KubeVirt goes by the first."""

Show = Callable[[Document], None]


def follow(api: Api, namespace: str, migration: Document) -> Document:
    """Show a migration's phases until it ends; return it as it ended.

    Raises:
        NotFound: when it is deleted meanwhile.
    """
    name = Fields(migration).object("metadata").text("name")
    with _display(migration) as show:
        while phase(migration) not in FINAL_PHASES:
            show(migration)
            time.sleep(TICK)
            migration = api.get(MIGRATION, namespace, name, timeout=TIMEOUT)
        show(migration)
    return migration


@contextmanager
def _display(migration: Document) -> Iterator[Show]:
    if not sys.stderr.isatty():
        yield _lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[limit]}"))
    with Progress(*columns, console=Console(stderr=True)) as progress:
        limit = _limit(migration)
        task = progress.add_task("Pending", total=limit or None, limit=f"of {limit} s at most" if limit else "")
        begun = time.monotonic()
        yield lambda seen: progress.update(task, description=phase(seen), completed=_completed(seen, begun, limit))


def _lines() -> Show:
    shown: set[str] = set()

    def show(migration: Document) -> None:
        now = phase(migration)
        if now not in shown:
            shown.add(now)
            click.echo(now, err=True)

    return show


def _completed(migration: Document, begun: float, limit: int) -> float:
    return limit if phase(migration) == "Succeeded" else min(time.monotonic() - begun, limit)


def _limit(migration: Document) -> int:
    """Return the completion timeout in seconds, 0 when it isn't known."""
    annotations = Fields(migration).object("metadata").string_map("annotations")
    said = next((annotations[key] for key in COMPLETION_TIMEOUTS if key in annotations), "")
    match = re.match(r"(\d{1,9})s", said)
    return int(match[1]) if match else 0

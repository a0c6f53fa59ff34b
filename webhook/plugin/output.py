"""Writing answers: text as wide as the terminal, coloured only there; documents as they are."""

import os
import shutil
import sys
from collections.abc import Iterable
from typing import Any, Final

import click

WIDE: Final = 10_000
"""Columns where there is no terminal: nothing is cut that a program may read."""


def say(parts: Iterable[Any]) -> None:
    """Write tables and lines (what rich renders) to standard output."""
    from webhook.report.tables import rendered  # noqa: PLC0415 - documents need no tables

    terminal = sys.stdout.isatty()
    colours = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    columns = os.environ.get("COLUMNS", "")
    width = shutil.get_terminal_size().columns if terminal or columns.isdigit() else WIDE
    write(rendered(parts, width=width, colours=colours))


def write(text: str | bytes) -> None:
    """Write text as it is, whatever encoding the terminal claims."""
    data = text.encode() if isinstance(text, str) else text
    stream = sys.stdout.buffer
    stream.write(data)
    stream.flush()


def note(message: str) -> None:
    """Say something beside the answer."""
    click.echo(f"note: {message}", err=True)


def warn(message: str) -> None:
    """Pass on a warning of the API server, as kubectl does."""
    click.echo(f"Warning: {message}", err=True)

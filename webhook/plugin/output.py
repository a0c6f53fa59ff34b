"""Writing answers: text as wide as the terminal, coloured only there; documents as they are."""

import os
import shutil
import sys
from typing import Any, Final

import click

from webhook.report import forms

WIDE: Final = 10_000
"""Columns where there is no terminal: nothing is cut that a program may read."""


def answer(kind: str, form: str, *found: Any) -> None:
    """Write what was found to standard output; `kind` and `form` are keys of FORMS."""
    if form not in forms.FOR_TERMINALS:
        write(forms.written(kind, form, *found))
        return
    terminal = sys.stdout.isatty()
    colours = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    columns = os.environ.get("COLUMNS", "")
    width = shutil.get_terminal_size().columns if terminal or columns.isdigit() else WIDE
    write(forms.shown(kind, form, *found, width=width, colours=colours).encode())


def note(message: str) -> None:
    """Say something beside the answer."""
    click.echo(f"note: {message}", err=True)


def warn(message: str) -> None:
    """Pass on a warning of the API server, as kubectl does."""
    click.echo(f"Warning: {message}", err=True)


def write(data: bytes) -> None:
    """Write bytes as they are, whatever encoding the terminal claims."""
    stream = sys.stdout.buffer
    stream.write(data)
    stream.flush()

"""Writing answers: text as wide as the terminal, coloured only there; documents as they are."""

import os
import shutil
import sys
from typing import Any

import click

from webhook.report import forms
from webhook.report.layout import Screen


def answer(kind: str, form: str, *found: Any, headers: bool = True) -> None:
    """Write what was found to standard output; `kind` and `form` are keys of FORMS."""
    if form in forms.FOR_TERMINALS:
        write(forms.shown(kind, form, *found, screen=screen(headers=headers)).encode())
    else:
        write(forms.written(kind, form, *found))


def screen(*, headers: bool = True) -> Screen:
    """Describe the terminal; what isn't written to one is as wide as it needs to be."""
    terminal = sys.stdout.isatty()
    colours = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = shutil.get_terminal_size().columns if terminal else 0
    return Screen(width=width, colours=colours, headers=headers)


def note(message: str) -> None:
    """Say something beside the answer."""
    click.echo(f"note: {message}", err=True)


def complain(message: str) -> None:
    """Say what is wrong beside the answer."""
    click.echo(f"error: {message}", err=True)


def warn(message: str) -> None:
    """Pass on a warning of the API server, as kubectl does."""
    click.echo(f"Warning: {message}", err=True)


def write(data: bytes) -> None:
    """Write bytes as they are, whatever encoding the terminal claims."""
    stream = sys.stdout.buffer
    stream.write(data)
    stream.flush()

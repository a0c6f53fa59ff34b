"""A spinner while something takes long: on a terminal, and only after two seconds."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PATIENCE: Final = 2.0
"""Seconds before the spinner is shown."""


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show a spinner on standard error while the block runs, once it has run for a while."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    spinner = threading.Thread(target=_spin, args=(what, done), daemon=True)
    spinner.start()
    try:
        yield
    finally:
        done.set()
        spinner.join()


def _spin(what: str, done: threading.Event) -> None:
    if not done.wait(PATIENCE):
        from webhook.plugin.spinner import spin  # noqa: PLC0415 - what is fast needs no rich, which takes 50 ms

        spin(what, done)

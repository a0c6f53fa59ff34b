"""The spinner of a terminal. It stands apart because rich takes 50 ms to import."""

import threading

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


def spin(what: str, done: threading.Event) -> None:
    """Show a spinner on standard error until it is done."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(f"{what} …", total=None)
        done.wait()

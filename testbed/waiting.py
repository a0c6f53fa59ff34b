"""Waiting for what happens in other threads and processes."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T], what: str = "", *, seconds: float = 60) -> T:
    """Return what `look` returns as soon as that is true; fail when it isn't in time, and say `what` was waited for."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {seconds:.0f} s{what and ': '}{what}"
        time.sleep(0.01)
    return seen

"""How much slower answers get while others hold connections and say nothing: idle ones, and ones that stall."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Final

from testbed.serving import HEAD, Serving, ask, serving

REVIEWS: Final = 2000
IDLE: Final = 180
STALLED: Final = 64
"""Together they are below the bound on connections, so that none gives way to another."""
STALLS: Final = (b"", b"POST /validate/mi", HEAD + b"Content-Length: 400\r\n\r\n{")
"""What a client says before it stalls: in the handshake, in the head, in the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """The 99th percentile of an answer's time in milliseconds, without the crowd and with it."""

    alone: float
    crowded: float


def measured() -> Delay:
    """Measure both in turn, three times each, and return the medians."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), read_timeout="600s") as service:
        alone, crowded = [], []
        for _ in range(3):
            alone.append(p99(service))
            with crowd(service):
                crowded.append(p99(service))
    return Delay(alone=sorted(alone)[1], crowded=sorted(crowded)[1])


@contextmanager
def crowd(service: Serving) -> Iterator[None]:
    """Open connections that say nothing, or stop in the middle of something."""
    with ExitStack() as stack:
        for _ in range(IDLE):
            stack.enter_context(service.secure())
        for number in range(STALLED):
            said = STALLS[number % len(STALLS)]
            client = stack.enter_context(service.secure() if said else service.connect())
            client.sendall(said or b"\x16\x03\x01")
        yield


def p99(service: Serving) -> float:
    """Return the 99th percentile of many reviews over one connection, in milliseconds."""
    took = []
    with closing(service.client()) as client:
        for _ in range(REVIEWS):
            began = time.perf_counter()
            ask(client)
            took.append((time.perf_counter() - began) * 1000)
    return quantiles(took, n=100)[98]

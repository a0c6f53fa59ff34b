"""The event loop: one thread that waits for all sockets at once, and lets whoever can go on do so.

No request waits for another one's client, however slow, and none takes turns with others on the interpreter: they are
judged one after the other, in the order in which they have come. Only what must wait for the API server goes to a
thread of its own.
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, TypeVar

T = TypeVar("T")

_THREADS: Final = 32
"""Requests that wait for the API server at once."""
_MOMENT: Final = 0.002
"""Seconds for which sockets may wait for the queue."""

Resume = Callable[[], None]


class Loop:
    """Calls back whoever waits: for a socket, for its turn, or for what goes on in another thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._turns: deque[Resume] = deque()
        self._returned: deque[Resume] = deque()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="waiting")
        self._bell, self._ringer = socket.socketpair()
        for end in (self._bell, self._ringer):
            end.settimeout(0)
        self.watch(self._bell, selectors.EVENT_READ, self._take_returned)

    def watch(self, file: Any, events: int, resume: Resume) -> None:
        """Call back, again and again, whenever the file is ready for one of these events."""
        self._selector.register(file, events, resume)

    def change(self, file: Any, events: int, resume: Resume) -> None:
        """Wait for other events of a file that is watched."""
        self._selector.modify(file, events, resume)

    def forget(self, file: Any) -> None:
        """Watch the file no more."""
        self._selector.unregister(file)

    def queue(self, resume: Resume) -> None:
        """Call back once, after all who have queued before."""
        self._turns.append(resume)

    def elsewhere(self, work: Callable[[], T], resume: Resume) -> Future[T]:
        """Do what has to wait in another thread; call back once it is done."""
        doing = self._threads.submit(work)
        doing.add_done_callback(lambda _: self._return(resume))
        return doing

    def turn(self, timeout: float) -> None:
        """Wait `timeout` seconds at most; call back everyone who is ready, and of the queue whoever has his turn soon.

        So what others send is read within a moment, and refused when it is too much, however long the queue; and those
        who send without end don't keep it from moving on.
        """
        for key, _ in self._selector.select(0 if self._turns else timeout):
            key.data()
        until = time.monotonic() + _MOMENT
        while self._turns:
            self._turns.popleft()()
            if time.monotonic() > until:
                break

    def close(self) -> None:
        """Give back what it has from the system; who still waits is forgotten."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._selector.close()
        self._bell.close()
        self._ringer.close()

    def _return(self, resume: Resume) -> None:
        self._returned.append(resume)
        # A full pipe rings as well as one more byte.
        with suppress(BlockingIOError):
            self._ringer.send(b"!")

    def _take_returned(self) -> None:
        with suppress(BlockingIOError):
            self._bell.recv(4096)
        for _ in range(len(self._returned)):
            self._returned.popleft()()

"""Turns: who has come first is judged first, a few in each pass of the event loop.

Between two passes the loop reads what others have sent. So a request that is one too many is refused at once, however
many wait for their turn.
"""

from asyncio import Future, get_running_loop
from collections import deque
from typing import Final

AT_ONCE: Final = 8
"""Turns in one pass: together about a millisecond of judging."""


class Turns:
    """Gives turns in the order in which they were asked for."""

    def __init__(self) -> None:
        self._loop = get_running_loop()
        self._waiting: deque[Future[None]] = deque()
        self._left = AT_ONCE

    def ask(self, turn: "Future[None]") -> None:
        """Resolve the future when it has its turn, unless it is cancelled before."""
        if not self._left:
            self._waiting.append(turn)
            return
        if self._left == AT_ONCE:
            self._loop.call_soon(self._next_pass)
        self._left -= 1
        turn.set_result(None)

    def _next_pass(self) -> None:
        self._left = AT_ONCE
        while self._waiting and self._left:
            turn = self._waiting.popleft()
            if not turn.done():
                self.ask(turn)

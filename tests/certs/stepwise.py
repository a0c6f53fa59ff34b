"""A keeper that comes to a halt before each of its requests, and goes on when it is told to."""

import threading
from collections.abc import Callable
from typing import Any

from certs.rotation import next_step
from certs.stopwatch import Stopwatch
from tests.certs.world import World
from webhook.kube.refusals import ApiError

REQUESTS = {"find", "create_named", "merge", "patch"}


class KilledError(BaseException):
    """Ends the keeper's process where it is."""


class StepwiseKeeper:
    """Looks and steps for ever, in a thread that runs only while `go_on` does: from one request to the next."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._may_run, self._halted = threading.Semaphore(0), threading.Semaphore(0)
        self._killed = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._halted.acquire()

    def __getattr__(self, request: str) -> Callable[..., Any]:
        """Return what answers a request of the keeper: the world, once the keeper may go on."""
        if request not in REQUESTS:
            raise AttributeError(request)

        def answer(*arguments: Any, **named: Any) -> Any:
            self._halt()
            return getattr(self._world, request)(*arguments, **named)

        return answer

    @property
    def now(self) -> Any:
        """The API server's time."""
        return self._world.now

    def go_on(self, requests: int) -> None:
        """Let the keeper make so many requests."""
        for _ in range(requests):
            self._may_run.release()
            self._halted.acquire()
            if self._error:
                raise self._error

    def kill(self) -> None:
        """End the process."""
        self._killed = True
        self._may_run.release()
        self._thread.join()

    def _run(self) -> None:
        stopwatch = Stopwatch(lambda: self._world.seconds)
        try:
            while True:
                self._look_and_step(stopwatch)
        except KilledError:
            return
        except BaseException as error:  # noqa: BLE001 - it is raised where the keeper was told to go on
            self._error = error
            self._halted.release()

    def _look_and_step(self, stopwatch: Stopwatch) -> None:
        keeper = self._world.keeper(self, stopwatch)
        try:
            seen = keeper.look()
            keeper.act(next_step(seen.state), seen)
        except ApiError:
            return

    def _halt(self) -> None:
        self._halted.release()
        self._may_run.acquire()
        if self._killed:
            raise KilledError

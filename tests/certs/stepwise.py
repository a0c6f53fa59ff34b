"""A keeper that comes to a halt before each of its requests, and goes on when it is told to."""

import threading
from collections.abc import Callable
from typing import Any

from certs.cluster import ClusterError
from certs.rotation import Step
from certs.watch import Watch
from tests.certs.world import World

REQUESTS = {"get", "create", "merge", "patch"}


class KilledError(BaseException):
    """Ends the keeper's process where it is."""


class StepwiseKeeper:
    """Looks and steps for ever, in a thread that runs only while `go_on` does: from one request to the next."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._may_run, self._halted = threading.Semaphore(0), threading.Semaphore(0)
        self._killed = False
        self._error: BaseException | None = None
        self.requests: list[str] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._halted.acquire()

    def __getattr__(self, request: str) -> Callable[..., Any]:
        """Return what answers a request of the keeper: the world, once the keeper may go on."""
        if request not in REQUESTS:
            raise AttributeError(request)

        def answer(path: str, *more: Any) -> Any:
            self._halt()
            self.requests.append(f"{request} {path.rpartition('/')[2]}")
            return getattr(self._world, request)(path, *more)

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
        watch = Watch(lambda: self._world.seconds)
        try:
            while True:
                self._look_and_step(watch)
        except KilledError:
            return
        except BaseException as error:  # noqa: BLE001 - it is raised where the keeper was told to go on
            self._error = error
            self._halted.release()

    def _look_and_step(self, watch: Watch) -> None:
        keeper = self._world.keeper(self, watch)
        try:
            sight = keeper.look()
            decision = keeper.decide(sight)
            if decision.step is not Step.WAIT:
                keeper.act(decision, sight)
        except ClusterError:
            return

    def _halt(self) -> None:
        self._halted.release()
        self._may_run.acquire()
        if self._killed:
            raise KilledError

"""The keeper's life: look, do a step, look again; when there is nothing to do, wait for the next tick."""

import threading
from collections import Counter
from typing import Final

import structlog

from certs.cluster import ClusterError, ConflictError
from certs.keeper import Keeper
from certs.lease import Lease
from certs.metrics import Metrics
from certs.probes import Health
from certs.rotation import Decision, Step

REPEATS: Final = 3
"""How often one step may be done without a pause: more often means that somebody undoes it each time."""

log = structlog.get_logger(__name__)


_NOTHING: Final = Decision(step=Step.WAIT, why="")


class StuckError(Exception):
    """A step had to be done again and again: somebody undoes it, or it can't help."""


class Loop:
    """Looks and steps. Only the holder of the Lease writes; others look, so that their metrics and probes are true."""

    def __init__(self, keeper: Keeper, lease: Lease, metrics: Metrics, health: Health) -> None:
        self._keeper = keeper
        self._lease = lease
        self._metrics = metrics
        self._health = health

    def run(self, stop: threading.Event, tick: float) -> None:
        """Work until `stop` is set, then give the Lease up. `tick`: seconds to wait when there is nothing to do."""
        done: Counter[Step] = Counter()
        while not stop.is_set():
            step = self._attempt().step
            done[step] += 1
            if step is Step.WAIT or done[step] >= REPEATS:
                done.clear()
                stop.wait(tick)
        self._lease.release()

    def once(self) -> bool:
        """Do all that can be done now; return whether it was ours to do. Raises ClusterError, StuckError."""
        done: Counter[Step] = Counter()
        try:
            while self._lease.hold():
                decision = self._look_and_step(leader=True)
                done[decision.step] += 1
                if decision.step is Step.WAIT:
                    return True
                if done[decision.step] > REPEATS:
                    raise StuckError(f"{decision.step} was done again and again, and still {decision.why}")
        finally:
            self._lease.release()
        return False

    def _attempt(self) -> Decision:
        """Look and step; what fails is told, and tried again at the next tick."""
        try:
            return self._look_and_step(leader=self._lease.hold())
        except ConflictError as error:
            log.info("somebody else wrote at the same time", error=str(error))
        except ClusterError as error:
            self._metrics.failed()
            self._health.failed(error)
            log.warning("the API server could not be read or written", error=str(error))
        return _NOTHING

    def _look_and_step(self, *, leader: bool) -> Decision:
        sight = self._keeper.look()
        self._metrics.saw(sight, leader=leader)
        decision = self._keeper.decide(sight)
        if decision.step is Step.WAIT or not leader or not self._lease.held:
            self._health.succeeded()
            return _NOTHING
        self._keeper.act(decision, sight)
        self._metrics.did(decision)
        self._health.succeeded()
        return decision

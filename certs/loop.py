"""The keeper's life: look, do a step, look again; when there is nothing to do, wait for the next tick."""

import threading
from collections import Counter
from typing import Final

import structlog

from certs.health import Health
from certs.keeper import Keeper, Observation
from certs.metrics import Metrics
from certs.rotation import Decision, Step, next_step
from webhook.kube.refusals import ApiError, Conflict

REPEATS: Final = 3
"""How often one step may be repeated without a pause: more often means that another program undoes it each time."""

log = structlog.get_logger(__name__)


class StuckError(Exception):
    """A step had to be done again and again: another program undoes it, or it has no effect."""


class Loop:
    """Looks and steps. Others may do so at once: a write is refused when its object has changed since the look."""

    def __init__(self, keeper: Keeper, metrics: Metrics, health: Health) -> None:
        self._keeper = keeper
        self._metrics = metrics
        self._health = health
        self._told: frozenset[str] = frozenset()

    def run(self, stop: threading.Event, tick: float) -> None:
        """Work until `stop` is set: do all that can be done, once in `tick` seconds. What fails is tried again."""
        while not stop.is_set():
            try:
                self._do_all()
            except ApiError as error:
                self._metrics.failed()
                self._health.failed(error)
                log.warning("the API server could not be read or written", error=str(error))
            stop.wait(tick)

    def once(self) -> None:
        """Do all that can be done now. Raises ApiError, StuckError."""
        last = self._do_all()
        if last.step is not Step.WAIT:
            raise StuckError(f"{last.step} was done again and again, and still {last.why}")

    def _do_all(self) -> Decision:
        """Step until there is nothing to do, or one step has been done too often; return the last decision."""
        done: Counter[Step] = Counter()
        while (decision := self._look_and_step()).step is not Step.WAIT and done[decision.step] < REPEATS:
            done[decision.step] += 1
        return decision

    def _look_and_step(self) -> Decision:
        """Look, and do the next step; a conflict with another writer is no failure."""
        seen = self._keeper.look()
        self._tell(seen)
        self._metrics.saw(seen)
        decision = next_step(seen.state)
        if decision.step is not Step.WAIT:
            self._step(decision, seen)
        self._health.succeeded()
        return decision

    def _step(self, decision: Decision, seen: Observation) -> None:
        try:
            self._keeper.act(decision, seen)
        except Conflict as error:
            log.info("somebody else wrote at the same time", error=str(error))
            return
        self._metrics.did(decision)
        log.info("step done", step=decision.step.value, why=decision.why)

    def _tell(self, seen: Observation) -> None:
        """Log what is wrong, once for as long as it is."""
        problems = {f"the Secret can't be read: {problem}" for problem in seen.problems}
        problems |= {f"the webhook configuration {name} is missing" for name in seen.missing}
        for problem in sorted(problems - self._told):
            log.warning(problem)
        self._told = frozenset(problems)

"""A cluster in memory with time of its own: what is written, what API servers may still trust, what pods may serve.

An API server may work with any bundle that was in a webhook configuration during the last `propagation`; a pod may
serve any leaf that was in its Secret during the last `settle`. The promise of the rotation is checked against all of
them at once.
"""

import base64
import datetime as dt
from collections.abc import Callable, Mapping
from copy import copy, deepcopy
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509

from certs import stored
from certs.bundle import ca_bundle, read_bundle, to_pem, verifiers
from certs.changes import Bundle, Leaf, change
from certs.configurations import Configuration, Reference, read_configuration
from certs.lifetime import Lives
from certs.record import Record
from certs.rotation import State, Step, next_step
from certs.watch import Watch
from tests.certs.keys import known

LIVES = Lives(authority=dt.timedelta(days=27), leaf=dt.timedelta(days=9))
NAMES = ("webhook", "webhook.here.svc")
REFERENCES = (Reference(phase="validating", name="a"), Reference(phase="mutating", name="b"))
START = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)

DAY = 86400.0

Object = dict[str, Any]


class BrokenPromiseError(AssertionError):
    """An API server may refuse a leaf that a pod may serve."""


@dataclass
class World:
    """The objects, their former contents, and the keeper's steps."""

    lives: Lives = LIVES
    names: tuple[str, ...] = NAMES
    seconds: float = 0
    """Time that really has passed: nobody sets it."""
    ahead: float = 0
    """Seconds by which the API server's clock has jumped ahead of it, for good."""
    unsteadiness: float = 0
    """Seconds by which that clock is wrong just now."""
    authority: Object | None = None
    leaf: Object | None = None
    bundles: dict[Reference, bytes] = field(default_factory=lambda: dict.fromkeys(REFERENCES, b""))
    refusing: frozenset[Reference] = frozenset()
    """Configurations that can't be written just now."""
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = known()
        self.served: list[tuple[float, x509.Certificate]] = []
        self.trusted: dict[Reference, list[tuple[float, bytes]]] = {}
        self.checking = False
        self.restart()

    @property
    def now(self) -> dt.datetime:
        """The API server's time, in whole seconds as its answers tell it."""
        return START + dt.timedelta(seconds=int(self.seconds + self.ahead + self.unsteadiness))

    def copy(self) -> "World":
        """Return another world in the same state, with a keeper just started."""
        twin = copy(self)
        twin.steps, twin.served, twin.bundles = list(self.steps), list(self.served), dict(self.bundles)
        twin.trusted = {reference: list(seen) for reference, seen in self.trusted.items()}
        twin.authority, twin.leaf = deepcopy(self.authority), deepcopy(self.leaf)
        twin.random = known(100)
        twin.restart()
        return twin

    def restart(self) -> None:
        """Start the keeper's process anew: what it remembers is gone."""
        self.watch = Watch(lambda: self.seconds)

    def state(self) -> State:
        """Return what the keeper sees."""
        contents = stored.read(self.authority, self.leaf)
        return self.watch.over(
            State(
                now=self.now,
                record=contents.record,
                leaf=contents.leaf,
                leaf_authorities=contents.leaf_authorities,
                configurations=tuple(self._configuration(reference) for reference in self.bundles),
                names=self.names,
                lives=self.lives,
            )
        )

    def step(self) -> Step:
        """Let the keeper do one step."""
        state = self.state()
        decision = next_step(state)
        match change(decision, state, self.random):
            case Record() as record:
                self.authority = written(self.authority, stored.authority_secret(record))
            case Leaf(pair=pair, authority=authority):
                self.leaf = written(self.leaf, stored.leaf_secret(pair, authority))
            case Bundle(certificates=certificates):
                self._publish(to_pem(certificates))
        if decision.step is not Step.WAIT:
            self.steps.append(decision.step)
        self.remember()
        return decision.step

    def tick(self, most: int = 40) -> None:
        """Let the keeper step until there is nothing to do, or it is interrupted after so many steps."""
        for _ in range(most):
            step = self.step()
            if step is Step.WAIT or (step is Step.PUBLISH and self.refusing):
                return

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds
        self.remember()

    def run(self, seconds: float, every: float = 10) -> None:
        """Let time pass with a keeper that ticks."""
        end = self.seconds + seconds
        while self.seconds < end:
            self.tick()
            self.sleep(min(every, end - self.seconds))
        self.tick()

    def establish(self) -> None:
        """Install for the first time; from here on the promise holds."""
        self.run(3 * self.lives.settle.total_seconds(), every=60)
        self.checking = True
        self.remember()

    def run_until(self, reached: Callable[[State], bool]) -> None:
        """Let days pass with a keeper that ticks, until something is reached."""
        while not reached(self.state()):
            if self.step() is Step.WAIT:
                self.sleep(DAY / 4)

    def remember(self) -> None:
        """Take note of what is there now, forget what nobody can have any more, and check the promise."""
        contents = stored.read(None, self.leaf)
        if contents.leaf:
            _note(self.served, self.seconds, contents.leaf.certificate, self.lives.settle)
        for reference, bundle in self.bundles.items():
            seen = self.trusted.setdefault(reference, [])
            _note(seen, self.seconds, bundle, self.lives.propagation)
        if self.checking:
            self.check()

    def check(self) -> None:
        """Raise BrokenPromiseError when some API server may refuse some leaf."""
        for reference, seen in self.trusted.items():
            for _, bundle in seen:
                for _, leaf in self.served:
                    if not verifiers(leaf, read_bundle(bundle), self.now):
                        raise BrokenPromiseError(f"{reference} may refuse {leaf.serial_number}; steps: {self.steps}")

    def _configuration(self, reference: Reference) -> Configuration:
        client = {"service": {"name": "webhook", "namespace": "here"}, "caBundle": ca_bundle(self.bundles[reference])}
        found = {
            "metadata": {"resourceVersion": "1"},
            "webhooks": [{"name": "x.y.z", "clientConfig": client}],
        }
        return read_configuration(reference, found)

    def _publish(self, bundle: bytes) -> None:
        for reference in self.bundles.keys() - self.refusing:
            self.bundles[reference] = bundle


def _note(seen: list[tuple[float, Any]], now: float, current: object, kept: dt.timedelta) -> None:
    """Append what is current; drop what was replaced longer ago than it is kept. Entries hold when they began."""
    if not seen or seen[-1][1] != current:
        seen.append((now, current))
    while len(seen) > 1 and seen[1][0] <= now - kept.total_seconds():
        del seen[0]


def written(present: Mapping[str, Any] | None, content: Mapping[str, Any]) -> Object:
    """Return a Secret after a merge patch."""
    former: Mapping[str, Any] = present or {"metadata": {}, "data": {}}
    annotations = {
        **(former["metadata"].get("annotations") or {}),
        **content.get("metadata", {}).get("annotations", {}),
    }
    data = {**(former.get("data") or {}), **content["data"]}
    return {
        "metadata": {"annotations": {key: value for key, value in annotations.items() if value is not None}},
        "data": {key: value for key, value in data.items() if value is not None},
    }


def secret(**content: bytes) -> Object:
    """Return a Secret with that content."""
    return {"metadata": {}, "data": {key: base64.b64encode(value).decode() for key, value in content.items()}}

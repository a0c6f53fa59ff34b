"""A cluster in memory with time of its own: what is written, what API servers may still trust, what pods may serve.

An API server may work with any bundle that was in a webhook configuration during the last `propagation`; a pod may
serve any leaf that was in its Secret during the last `settle`. The promise of the rotation is checked against all of
them at once, after each write of a keeper.
"""

import base64
import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import copy, deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any, cast

from cryptography import x509

from certs import stored
from certs.authority import issued_by
from certs.bundle import ca_bundle, read_bundle
from certs.configurations import ConfigurationName
from certs.keeper import Keeper, KeeperConfig
from certs.lifetime import Lives, valid
from certs.rotation import State, Step, next_step
from certs.stopwatch import Stopwatch
from tests.certs.keys import known
from webhook.kube.api import Api
from webhook.kube.refusals import ApiError, Conflict, NotFound, Rejected

LIVES = Lives(authority=dt.timedelta(days=27), leaf=dt.timedelta(days=9))
NAMES = ("webhook", "webhook.here.svc")
AUTHORITY, LEAF = "webhook-ca", "webhook-tls"
REFERENCES = (ConfigurationName(phase="validating", name="a"), ConfigurationName(phase="mutating", name="b"))
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
    bundles: dict[ConfigurationName, bytes] = field(default_factory=lambda: dict.fromkeys(REFERENCES, b""))
    refusing: frozenset[ConfigurationName] = frozenset()
    """Configurations that can't be written just now."""
    heedless: bool = False
    """Whether a write is taken whatever has changed since its object was read."""
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = known()
        self.served: list[tuple[float, x509.Certificate]] = []
        self.trusted: dict[ConfigurationName, list[tuple[float, bytes]]] = {}
        self.checking = False
        self.versions: dict[str, tuple[str, Object | None]] = {}
        self.counter = count(1)
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
        twin.random, twin.versions, twin.counter = known(100), {}, count(1)
        twin.restart()
        return twin

    def restart(self) -> None:
        """Start the keeper's process anew: what it remembers is gone."""
        self.stopwatch = Stopwatch(lambda: self.seconds)

    def keeper(self, api: object = None, stopwatch: Stopwatch | None = None) -> Keeper:
        """Return a keeper; `api` is what its requests pass through, `stopwatch` what it remembers."""
        config = KeeperConfig(
            namespace="here", name="webhook", configurations=REFERENCES, names=self.names, lives=self.lives
        )
        return Keeper(cast("Api", api or self), config, stopwatch or self.stopwatch, self.random)

    def state(self) -> State:
        """Return what the keeper sees."""
        return self.keeper().look().state

    def step(self) -> Step:
        """Let the keeper do one step."""
        keeper = self.keeper()
        seen = keeper.look()
        decision = next_step(seen.state)
        with suppress(ApiError):
            keeper.act(decision, seen)
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
                    if not _accepts(bundle, leaf, self.now):
                        raise BrokenPromiseError(f"{reference} may refuse {leaf.serial_number}; steps: {self.steps}")

    def find(self, _: object, __: str, name: str, *, timeout: float) -> Object | None:  # noqa: ARG002
        """Answer a GET."""
        found = deepcopy(self._objects()[name])
        if found is not None:
            found["metadata"]["resourceVersion"] = self._version(name)
        return found

    def create_named(self, _: object, __: str, name: str, document: Object, *, timeout: float) -> None:  # noqa: ARG002
        """Answer an apply of an object that must not be there yet."""
        if self._objects()[name] is not None:
            raise Conflict(name)
        self._write(name, written(None, document))

    def merge(self, _: object, __: str, name: str, version: str, change: Object, *, timeout: float) -> None:  # noqa: ARG002
        """Answer a merge patch of an object that must be as it was read."""
        self._must_be(name, version)
        self._write(name, written(self._objects()[name], change))

    def patch(self, _: object, __: str, name: str, operations: list[Object], *, timeout: float) -> None:  # noqa: ARG002
        """Answer a JSON patch of a webhook configuration."""
        (reference,) = (each for each in REFERENCES if each.name == name)
        if reference in self.refusing:
            raise Rejected(name)
        self._must_be(name, operations[0]["value"])
        (bundle,) = (each["value"] for each in operations if each["path"] == "/webhooks/0/clientConfig/caBundle")
        self.bundles[reference] = base64.b64decode(bundle)
        self.remember()

    def _write(self, name: str, secret: Object) -> None:
        if name == AUTHORITY:
            self.authority = secret
        else:
            self.leaf = secret
        self.remember()

    def _must_be(self, name: str, version: str) -> None:
        if self._objects()[name] is None:
            raise NotFound(name)
        if self._version(name) != version and not self.heedless:
            raise Conflict(name)

    def _version(self, name: str) -> str:
        """Return a version that no former content of the object had."""
        content = self._objects()[name]
        if self.versions.get(name, ("", None))[1] != content:
            self.versions[name] = str(next(self.counter)), deepcopy(content)
        return self.versions[name][0]

    def _objects(self) -> dict[str, Object | None]:
        configurations = {reference.name: _configuration(bundle) for reference, bundle in self.bundles.items()}
        return {AUTHORITY: self.authority, LEAF: self.leaf, **configurations}


def _configuration(bundle: bytes) -> Object:
    client = {"service": {"name": "webhook", "namespace": "here"}, "caBundle": ca_bundle(bundle)}
    return {"metadata": {}, "webhooks": [{"name": "x.y.z", "clientConfig": client}]}


def _accepts(bundle: bytes, leaf: x509.Certificate, now: dt.datetime) -> bool:
    """Tell whether a client with this bundle accepts the leaf now."""
    authorities = (authority for authority in _read(bundle) if valid(authority, now))
    return valid(leaf, now) and any(_issued_by(leaf, authority) for authority in authorities)


_read = lru_cache(read_bundle)
_issued_by = lru_cache(issued_by)
"""The same few are looked at thousands of times."""


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

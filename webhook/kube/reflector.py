"""Keeps one kind up to date: lists it, then watches what happens to it, for as long as the service runs.

What ends a watch decides how it goes on: the server ends it about once a minute (resume), it breaks or goes silent
(resume after a while), its version is forgotten (list anew), the kind isn't in the cluster (look again later).
"""

import random
import threading
from collections.abc import Iterator
from typing import Any, Final

import structlog
from msgspec import Struct

from webhook.kube.api import Api
from webhook.kube.freshness import Freshness, KindStatus, now
from webhook.kube.live import views
from webhook.kube.refusals import ApiError, Gone, KindMissing, Unreachable
from webhook.kube.store import Store
from webhook.kube.watch import Watch, WatchEvent
from webhook.state.kinds import Kind
from webhook.state.table import Key

_LOG: Final[Any] = structlog.get_logger("webhook.cluster")
_SHORTEST_WATCH: Final = 1.0
"""Seconds; a server that ends a watch sooner has a fault, and must not be asked at once again."""


class Pace(Struct, frozen=True, kw_only=True):
    """When what is done, in seconds.

    watch: after which the server ends a watch, with a last bookmark; so a quiet kind shows that it is alive.
    silence: after which a watch that says nothing is given up; longer than `watch`.
    page: how long a page of a list may take.
    retry, longest_retry: how long to wait after a first failure, and at most.
    absent: after which a kind that isn't in the cluster is looked for again.
    """

    watch: int = 45
    silence: float = 60.0
    page: float = 30.0
    retry: float = 0.5
    longest_retry: float = 5.0
    absent: float = 15.0


class Reflector:
    """One kind, in a thread of its own. `seen` is when the API server last confirmed what we know, as `now` counts."""

    def __init__(self, api: Api, kind: Kind, store: Store, pace: Pace) -> None:
        """Take where to read, what, and where to put it."""
        self.kind = kind
        self.seen = now()
        self._api = api
        self._store = store
        self._pace = pace
        self._freshness = Freshness.LOADING
        self._error = ""
        self._failures = 0
        self._version = ""
        self._watch: Watch | None = None
        self._told = threading.Condition()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=kind.plural, daemon=True)

    @property
    def loaded(self) -> bool:
        """Tell whether all objects have been read once, or the cluster has been found not to have the kind."""
        return self._freshness is not Freshness.LOADING

    def status(self, max_age: float) -> KindStatus:
        """Say how well the kind is known, if it should have been confirmed within `max_age` seconds."""
        age = now() - self.seen
        freshness = Freshness.STALE if self.loaded and age > max_age else self._freshness
        return KindStatus(kind=self.kind.name, freshness=freshness, age=age, error=self._error)

    def reaches(self, version: str, timeout: float) -> bool:
        """Wait until the watch has told of everything up to a version; return whether it did within so many seconds."""
        with self._told:
            return self._told.wait_for(lambda: _is_after(self._version, version), timeout)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Let it end soon; `join` waits for that."""
        self._stopped.set()
        if watch := self._watch:
            watch.stop()

    def join(self, seconds: float) -> None:
        """Wait until it has ended, at most so long."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._stopped.wait(self._round())

    def _round(self) -> float:
        """Follow the kind until something ends that; return how long to wait before the next time."""
        try:
            self._follow()
        except KindMissing as error:
            return self._absent(error) if self.kind.optional else self._failed(error)
        except Gone as error:
            self._version = ""
            return self._failed(error)
        except ApiError as error:
            return self._failed(error)
        except Exception as error:  # noqa: BLE001 - a fault in reading one object must not end the watch for good
            self._version = ""
            return self._failed(error, exc_info=True)
        return 0.0

    def _follow(self) -> None:
        """Go on after the version at hand, or list when there is none; return when the server ends the watch."""
        if not self._version:
            self._list()
        began = now()
        for event in self._events():
            self._take(event)
        if now() - began < _SHORTEST_WATCH:
            raise Unreachable(f"the watch of {self.kind.plural} ended at once")

    def _list(self) -> None:
        known = self._store.snapshot.table(self.kind.name)
        found: dict[Key, Any] = {}
        version = ""
        for page in self._api.pages(self.kind, selector=self.kind.selector, timeout=self._pace.page):
            for key, new in views(self.kind, page):
                old = known.get(*key)
                found[key] = old if old == new else new
            version = page.version
            if self._stopped.is_set():
                return
        self._store.replace(self.kind, found)
        self._go_on_after(version)
        self._confirmed(Freshness.CURRENT)
        _LOG.info("listed", kind=self.kind.name, objects=len(found))

    def _events(self) -> Iterator[WatchEvent]:
        """Yield what happens; the answer itself confirms that the version is one to go on from."""
        if self._stopped.is_set():
            return
        pace = self._pace
        seconds = round(pace.watch * random.uniform(0.8, 1.0))  # noqa: S311 - spreads load, guards nothing
        self._watch = self._api.watch(
            self.kind, self._version, selector=self.kind.selector, seconds=seconds, silence=pace.silence
        )
        if self._stopped.is_set():
            self._watch.stop()
        self._confirmed(Freshness.CURRENT)
        yield from self._watch

    def _take(self, event: WatchEvent) -> None:
        if event.type != "BOOKMARK":
            key, new = self.kind.view(event.object)
            self._store.put(self.kind, key, None if event.type == "DELETED" else new)
        self._go_on_after(event.version or self._version)
        self._failures = 0
        self._confirmed(Freshness.CURRENT)

    def _go_on_after(self, version: str) -> None:
        with self._told:
            self._version = version
            self._told.notify_all()

    def _confirmed(self, freshness: Freshness) -> None:
        if self._error:
            _LOG.info("watch goes on", kind=self.kind.name)
        self.seen = now()
        self._freshness = freshness
        self._error = ""

    def _absent(self, error: KindMissing) -> float:
        if self._freshness is not Freshness.ABSENT:
            _LOG.warning("not a kind of this cluster", kind=self.kind.name, reason=str(error))
        self._version = ""
        self._store.replace(self.kind, {})
        self._confirmed(Freshness.ABSENT)
        return _around(self._pace.absent)

    def _failed(self, error: Exception, **more: Any) -> float:
        if not self._error and not self._stopped.is_set():
            _LOG.warning("watch failed", kind=self.kind.name, reason=str(error), **more)
        self._error = str(error)
        self._failures += 1
        return _around(min(self._pace.retry * 2 ** (self._failures - 1), self._pace.longest_retry))


def _is_after(version: str, other: str) -> bool:
    """Compare versions, which are numbers (KEP-5504); "" and what isn't a number are never known to be after."""
    return version.isdecimal() and other.isdecimal() and int(version) >= int(other)


def _around(seconds: float) -> float:
    """Return about so many seconds, so that kinds and replicas don't all ask at the same moment."""
    return seconds * random.uniform(0.7, 1.3)  # noqa: S311 - spreads load, guards nothing

"""The live cluster as the service sees it: every kind that rules read, kept up to date by watches."""

import asyncio
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any, Final
from weakref import WeakValueDictionary

from webhook.kube import live
from webhook.kube.api import Api
from webhook.kube.freshness import KindStatus, now
from webhook.kube.memory import return_large_pieces
from webhook.kube.reflector import Pace, Reflector
from webhook.kube.source import ClusterUnavailable
from webhook.kube.store import Store
from webhook.state.kinds import KINDS, NAMESPACE, VMI, Kind, Reference
from webhook.state.snapshot import Snapshot
from webhook.state.table import Table

WATCHED: Final = tuple(kind for kind in KINDS if kind.watched)
_READERS: Final = 24
_SHARE: Final = 6
"""Readers that read for one namespace at once: none keeps them from the others."""
_STOP_SECONDS: Final = 5.0
_VERSION_SECONDS: Final = 2.0


class WatchedCluster:
    """A cluster whose snapshot costs no call. Start it in the process that serves: threads don't survive a fork."""

    def __init__(
        self, api: Api, kinds: Iterable[Kind] = WATCHED, *, max_age: float = 180.0, pace: Pace | None = None
    ) -> None:
        """Take what to watch. What has not been confirmed for `max_age` seconds isn't relied on any more."""
        self._api = api
        self._max_age = max_age
        self._store = Store()
        pace = pace or _pace(max_age)
        self._reflectors = tuple(Reflector(api, kind, self._store, pace) for kind in kinds)
        self._stopped = threading.Event()
        self._publisher = threading.Thread(
            target=self._store.publish_until, args=(self._stopped,), name="snapshots", daemon=True
        )
        self._readers = ThreadPoolExecutor(_READERS, "reader")
        self._shares: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def start(self) -> None:
        """Begin to load and to watch; returns at once."""
        return_large_pieces()
        self._publisher.start()
        for reflector in self._reflectors:
            reflector.start()

    def stop(self) -> None:
        """End all watches and close the connections."""
        self._stopped.set()
        self._store.wake()
        self._readers.shutdown(wait=False, cancel_futures=True)
        for reflector in self._reflectors:
            reflector.stop()
        deadline = now() + _STOP_SECONDS
        for reflector in self._reflectors:
            reflector.join(max(deadline - now(), 0))
        self._api.close()

    def snapshot(self) -> Snapshot:
        """Return what is known now, without any call.

        Raises:
            ClusterUnavailable: while a kind has not been loaded, or has not been confirmed for too long.
        """
        oldest = now() - self._max_age
        for reflector in self._reflectors:
            if not reflector.loaded or reflector.seen < oldest:
                raise ClusterUnavailable(str(reflector.status(self._max_age)))
        return self._store.snapshot

    async def reread(self, snapshot: Snapshot, references: frozenset[Reference], timeout: float) -> Snapshot:
        """Return the snapshot with the objects that are referred to as the API server has them at this moment.

        Raises:
            ClusterUnavailable: when they can't be read within `timeout` seconds.
        """
        share = self._shares.setdefault(_asking(references), asyncio.Semaphore(_SHARE))
        return await live.reread(
            self._api, self._readers, snapshot, references, timeout=timeout, share=share, caught_up=self._caught_up
        )

    def ready(self) -> bool:
        """Tell whether `snapshot` would answer."""
        return not self.missing()

    def statuses(self) -> tuple[KindStatus, ...]:
        """Return how well each kind is known."""
        return tuple(reflector.status(self._max_age) for reflector in self._reflectors)

    def missing(self) -> list[str]:
        """Say, one line for each, which kinds can't be relied on."""
        return [str(status) for status in self.statuses() if not status.reliable]

    def ages(self) -> Mapping[str, float]:
        """Return by kind how many seconds ago the API server last confirmed what is known of it."""
        return {status.kind: status.age for status in self.statuses()}

    def _caught_up(self, kind: Kind, timeout: float) -> Table[Any] | None:
        """Return a kind's table as soon as the watch has told of all that happened before this call.

        In a large cluster that is soon: kubelets write their nodes' status all the time.
        """
        reflector = next((reflector for reflector in self._reflectors if reflector.kind == kind), None)
        if reflector is None or not reflector.reaches(self._api.version(kind, timeout=_VERSION_SECONDS), timeout):
            return None
        self._store.publish()
        return self._store.snapshot.table(kind.name)


def _asking(references: frozenset[Reference]) -> str:
    """Return the namespace for which these are read: the virtual machine's, whatever else decides."""
    machines = (each.namespace for each in references if each.kind == VMI.name)
    namespaces = (each.name for each in references if each.kind == NAMESPACE.name)
    return next(chain(machines, namespaces), max((each.namespace for each in references), default=""))


def _pace(max_age: float) -> Pace:
    """Return a pace at which a kind of which there is nothing to tell is confirmed often enough."""
    watch = max(2, min(Pace().watch, round(max_age / 3)))
    return Pace(watch=watch, silence=watch * 4 / 3)

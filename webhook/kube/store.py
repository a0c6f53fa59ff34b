"""The snapshot of this moment, and the changes that wait for the next one.

Whoever watches a kind puts changes in; readers take the snapshot, which is exchanged by one assignment. A burst of
changes makes one new snapshot at a time, so that 50,000 objects don't make 50,000 tables.
"""

import threading
from collections.abc import Mapping
from typing import Any, Final

from webhook.state.kinds import Kind
from webhook.state.snapshot import Snapshot
from webhook.state.table import Key

REST: Final = 0.05
"""Seconds between two snapshots in a burst."""


class Store:
    """Filled by several threads, read by any. `snapshot` is always whole."""

    def __init__(self) -> None:
        """Begin with an empty snapshot."""
        self.snapshot = Snapshot()
        self._waiting: dict[str, dict[Key, Any]] = {}
        self._lock = threading.Lock()
        self._changed = threading.Event()

    def put(self, kind: Kind, key: Key, view: Any) -> None:
        """Take in one object's view, None for an object that is gone."""
        with self._lock:
            self._waiting.setdefault(kind.name, {})[key] = view
        self._changed.set()

    def replace(self, kind: Kind, views: Mapping[Key, Any]) -> None:
        """Take in all objects of a kind, and publish them at once; any others are gone."""
        with self._lock:
            self._waiting.pop(kind.name, None)
            gone = (key for key, _ in self.snapshot.table(kind.name).items() if key not in views)
            self.snapshot = self.snapshot.changed({kind.name: {**dict.fromkeys(gone), **views}})

    def publish(self) -> None:
        """Make the changes that wait a part of the snapshot."""
        with self._lock:
            self.snapshot = self.snapshot.changed(self._waiting)
            self._waiting = {}

    def publish_until(self, stopped: threading.Event) -> None:
        """Publish changes as they come; a single one at once, a burst with rests in between."""
        while not stopped.wait(REST):
            self._changed.wait()
            self._changed.clear()
            self.publish()

    def wake(self) -> None:
        """Let `publish_until` see that it should end."""
        self._changed.set()

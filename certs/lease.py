"""One keeper writes: who, is said by a Lease, taken and renewed by writes that a concurrent one makes fail."""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from certs.cluster import Cluster, ClusterError, RefusedError

SECONDS: Final = 60
"""How long the Lease holds without being renewed: longer than all requests of one tick may take together."""

_LOST: Final = (409, 422)
"""Answers when another was quicker: to change it, and to create it (an update without resourceVersion)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment on both clocks: a suspended machine stops one of them, an administrator sets the other."""

    wall: float
    monotonic: float

    @staticmethod
    def now() -> "Moment":
        """Return this moment."""
        return Moment(time.time(), time.monotonic())

    def seconds_since(self, earlier: "Moment") -> float:
        """Return the time passed by the clock that says more."""
        return max(self.wall - earlier.wall, self.monotonic - earlier.monotonic)

    def seconds_certainly_since(self, earlier: "Moment") -> float:
        """Return the time passed by the clock that says less."""
        return min(self.wall - earlier.wall, self.monotonic - earlier.monotonic)


class Lease:
    """The Lease `name` as seen by the candidate `identity`."""

    def __init__(
        self,
        cluster: Cluster,
        *,
        namespace: str,
        name: str,
        identity: str,
        seconds: int = SECONDS,
        clock: Callable[[], Moment] = Moment.now,
    ) -> None:
        self._cluster = cluster
        self._path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}"
        self._identity = identity
        self._seconds = seconds
        self._clock = clock
        self._renewed: Moment | None = None
        self._seen: tuple[str, Moment] | None = None
        self.holder = ""
        """Who has it, as last seen."""

    @property
    def held(self) -> bool:
        """Whether it is ours for certain, with a third of its time to spare."""
        return self._renewed is not None and self._clock().seconds_since(self._renewed) < self._seconds * 2 / 3

    def hold(self) -> bool:
        """Take or renew it; return whether it is ours. Raises ClusterError when that can't be told."""
        if self._renewed and self._clock().seconds_since(self._renewed) < self._seconds / 3:
            return True
        found = self._cluster.get(self._path)
        if found is not None and not self._is_free(found):
            self._renewed = None
            return False
        return self._write(found)

    def release(self) -> None:
        """Give it up at once, so that another need not wait; not being able to is no error."""
        if not self.held:
            return
        self._renewed = None
        try:
            found = self._cluster.get(self._path)
            if found and _holder(found) == self._identity:
                self._cluster.put(self._path, {**found, "spec": {**found["spec"], "holderIdentity": ""}})
        except ClusterError:
            return

    def _is_free(self, found: dict[str, Any]) -> bool:
        """Whether it may be taken: ours, nobody's, or not renewed for all its time while we looked on."""
        self.holder = _holder(found)
        if self.holder in {"", self._identity}:
            return True
        version, now = found["metadata"]["resourceVersion"], self._clock()
        if self._seen is None or self._seen[0] != version:
            self._seen = (version, now)
        return now.seconds_certainly_since(self._seen[1]) >= _seconds(found, self._seconds)

    def _write(self, found: dict[str, Any] | None) -> bool:
        started = self._clock()
        try:
            self._cluster.put(self._path, self._renewal(found))
        except RefusedError as error:
            if error.status not in _LOST:
                raise
            self._renewed = None
            return False
        self._renewed, self.holder = started, self._identity
        return True

    def _renewal(self, found: dict[str, Any] | None) -> dict[str, Any]:
        """Return the Lease as ours; a change of hands is counted."""
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        former = (found or {}).get("spec") or {}
        spec = {**former, "holderIdentity": self._identity, "leaseDurationSeconds": self._seconds, "renewTime": now}
        if former.get("holderIdentity") != self._identity:
            spec |= {"acquireTime": now, "leaseTransitions": former.get("leaseTransitions", -1) + 1}
        metadata = (found or {}).get("metadata") or {"name": self._path.rpartition("/")[2]}
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def _holder(found: dict[str, Any]) -> str:
    return str((found.get("spec") or {}).get("holderIdentity") or "")


def _seconds(found: dict[str, Any], default: int) -> float:
    """Return how long the holder asked for."""
    return float((found.get("spec") or {}).get("leaseDurationSeconds") or default)

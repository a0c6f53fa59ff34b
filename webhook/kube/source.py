"""What the service and the commands need of a cluster, wherever its state comes from."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from webhook.kube.refusals import ApiError, Forbidden
from webhook.state.kinds import Reference
from webhook.state.resource import Resource
from webhook.state.snapshot import Snapshot

Change = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Returns an object as it is to be taken."""


def unchanged(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the object as it is."""
    return document


class Reading(Struct, frozen=True, kw_only=True):
    """A cluster as far as it could be read: kinds that are missing from it, and those that may not be read.

    `namespace` is the default one of whoever reads it. Of `narrowed` kinds only one namespace may be read.
    `place` says where it is: context and server, or the manifests.
    """

    snapshot: Snapshot
    namespace: str
    missing: tuple[Resource, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()
    narrowed: tuple[Resource, ...] = ()
    place: str = ""


class ClusterUnavailable(ApiError):  # noqa: N818 - it is named for what happened
    """Raised when the cluster can't be read in time; the message names what was wanted."""


class Cluster(Protocol):
    """The cluster as the service sees it."""

    def snapshot(self) -> Snapshot:
        """Return what is known now, without any call.

        Raises:
            ClusterUnavailable: while something that is needed has not been loaded.
        """

    def reread(self, snapshot: Snapshot, references: frozenset[Reference], timeout: float) -> Snapshot:
        """Return the snapshot with the objects that are referred to as the API server has them at this moment.

        `timeout` is in seconds, for all of them together.

        Raises:
            ClusterUnavailable: when they can't be read in that time.
        """

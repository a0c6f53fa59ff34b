"""Where snapshots come from."""

from typing import Protocol

from webhook.state.kinds import Reference
from webhook.state.snapshot import Snapshot


class ClusterUnavailable(Exception):  # noqa: N818 - it is named for what happened
    """Raised when the cluster can't be read in time; the message names what was wanted."""


class Cluster(Protocol):
    """The cluster as the service sees it."""

    def snapshot(self) -> Snapshot:
        """Return what is known now, without any call.

        Raises:
            ClusterUnavailable: while something that is needed has not been loaded.
        """

    async def reread(self, snapshot: Snapshot, references: frozenset[Reference], timeout: float) -> Snapshot:
        """Return the snapshot with the objects that are referred to as the API server has them at this moment.

        `timeout` is in seconds, for all of them together.

        Raises:
            ClusterUnavailable: when they can't be read in that time.
        """

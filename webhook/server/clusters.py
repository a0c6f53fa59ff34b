"""The cluster that the settings name: manifests, or an API server."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from webhook.cluster.manifests import manifests
from webhook.cluster.source import Cluster, ClusterUnavailable
from webhook.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A cluster, and how its state is kept: `start` begins to watch, in the process that judges.

    `missing` says, one line each, what is not loaded or not fresh; `ages` how old each kind is, in seconds.
    """

    cluster: Cluster
    start: Callable[[], None] = lambda: None
    missing: Callable[[], Iterable[str]] = tuple
    ages: Callable[[], Mapping[str, float]] = dict


def source_of(settings: Settings) -> Source:
    """Return the cluster to judge by.

    Raises:
        UnreadableManifest: when the manifests can't be read.
        ClusterUnavailable: when nothing says where the API server is.
    """
    if settings.cluster:
        return Source(cluster=manifests(settings.cluster))
    raise ClusterUnavailable("no cluster is named: give --cluster, or a kubeconfig")

"""The cluster that the settings name: manifests, or an API server."""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from webhook.engine.verdict import Verdict
from webhook.kube.api import connect
from webhook.kube.events import Events
from webhook.kube.opening import read_cluster
from webhook.kube.source import Cluster
from webhook.kube.watched import WATCHED, WatchedCluster
from webhook.settings.settings import Settings
from webhook.state.manifests import Manifests


def _nothing() -> None:
    pass


class Source(Struct, frozen=True, kw_only=True):
    """A cluster, and how its state is kept: `start` begins to watch, in the process that judges.

    `missing` says, one line each, what is not loaded or not fresh; `ages` how old each kind is, in seconds; `tell`
    tells the cluster of verdicts.
    """

    cluster: Cluster
    start: Callable[[], None] = _nothing
    stop: Callable[[], None] = _nothing
    missing: Callable[[], Iterable[str]] = tuple
    ages: Callable[[], Mapping[str, float]] = dict
    tell: Callable[[Verdict], None] | None = None


def source_of(settings: Settings) -> Source:
    """Return the cluster to judge by for as long as the service runs.

    Raises:
        UnreadableManifest: when the cluster is made of manifests that can't be read.
        NoCredentials: when nothing says where the API server is.
    """
    if settings.cluster:
        return Source(cluster=cluster_now(settings))
    api = connect(settings.kubeconfig, settings.context)
    cluster = WatchedCluster(api, max_age=settings.state_max_age)
    events = Events(api) if settings.events else None

    def start() -> None:
        cluster.start()
        if events:
            events.start()

    def stop() -> None:
        if events:
            events.stop()
        cluster.stop()

    tell = events.tell if events else None
    return Source(cluster=cluster, start=start, stop=stop, missing=cluster.missing, ages=cluster.ages, tell=tell)


def cluster_now(settings: Settings) -> Cluster:
    """Return the cluster as it is at this moment.

    Raises:
        UnreadableManifest: when the cluster is made of manifests that can't be read.
        ApiError: when the API server can't be read.
    """
    reading = read_cluster(settings.cluster, settings.kubeconfig, settings.context, kinds=WATCHED)
    for forbidden in reading.forbidden:
        raise forbidden
    return Manifests(reading.snapshot)

"""A cluster as it is at this moment: from manifests, or from the API server that kubectl would talk to."""

from collections.abc import Iterable
from typing import Final

from webhook.kube.files import objects_in
from webhook.kube.source import Change, Reading, unchanged
from webhook.state.kinds import KINDS, Kind
from webhook.state.snapshot import snapshot_of

DEFAULT_NAMESPACE: Final = "default"


def read_cluster(
    manifests: str,
    kubeconfig: str,
    context: str,
    *,
    kinds: Iterable[Kind] = KINDS,
    change: Change = unchanged,
) -> Reading:
    """Read the manifests at a path, or with "" the API server of a kubeconfig; take each object as `change` returns it.

    Raises:
        UnreadableManifest: when a manifest can't be read.
        ApiError: when nothing says where the API server is, or it can't be reached.
    """
    if manifests:
        return read_manifests(manifests, change)
    from webhook.kube import api, live  # noqa: PLC0415 - manifests need no client, which takes 50 ms

    return live.read_all(api.connect(kubeconfig, context), kinds, change=change)


def read_manifests(path: str, change: Change = unchanged) -> Reading:
    """Read the manifests at a path; take each object as `change` returns it.

    Raises:
        UnreadableManifest: when one can't be read.
    """
    return Reading(
        snapshot=snapshot_of(map(change, objects_in(path))), namespace=DEFAULT_NAMESPACE, place=f"manifests {path}"
    )

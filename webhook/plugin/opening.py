"""Reading the cluster once, from manifests or from an API server, as far as it may be read."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from webhook.engine.policy import Enforcement, Policy
from webhook.plugin.failure import Exit, Failure, not_reached
from webhook.settings.settings import Settings
from webhook.state.kinds import (
    CLAIM,
    KINDS,
    KUBEVIRT,
    MIGRATION,
    NAMESPACE,
    NODE,
    POD,
    POLICY,
    VM,
    VMI,
)
from webhook.state.resource import Resource
from webhook.state.snapshot import Snapshot

if TYPE_CHECKING:
    from webhook.kube.api import Api

DEFAULT_NAMESPACE: Final = "default"
TIMEOUT: Final = 30.0
"""Seconds for one page of a list."""

Change: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, Any]]

_UNTELLABLE: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    VM.name: ((), "VMs that don't run are left out"),
    CLAIM.name: (("read-write-once",), "whether volumes are shared can't be told"),
    NODE.name: (("cpu-model", "target-node", "no-eligible-node"), "which nodes can take a VM can't be told"),
    POD.name: (("cpu-model",), "rules about other pods, CPU selectors and room on nodes can't be told for certain"),
    KUBEVIRT.name: ((), "KubeVirt's configuration is taken for the default one"),
    POLICY.name: ((), "timeouts are those of the KubeVirt resource"),
    NAMESPACE.name: ((), "labels of namespaces are taken for none"),
}
"""What is not judged, and what to say, when a kind can't be read."""


def unchanged(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the object as it is."""
    return document


class View(Struct, frozen=True, kw_only=True):
    """The cluster as a command sees it.

    `namespace` is where somebody who names none works, `incomplete` says what could not be read.
    """

    snapshot: Snapshot
    policy: Policy
    namespace: str = DEFAULT_NAMESPACE
    incomplete: tuple[str, ...] = ()


def open_cluster(settings: Settings, change: Change = unchanged) -> View:
    """Read the cluster that the settings name; VMs and VMIs are taken as `change` returns them.

    Raises:
        Failure: when it can't be read, or has no KubeVirt.
    """
    view = _from_manifests(settings, change) if settings.cluster else _from_api_server(settings, change)
    return replace(view, policy=view.policy.resolved(view.snapshot.kubevirt))


def is_named(settings: Settings) -> bool:
    """Tell whether somebody names a cluster, and doesn't just have one."""
    return bool(settings.cluster or settings.kubeconfig or settings.context)


def _from_manifests(settings: Settings, change: Change) -> View:
    from webhook.state.manifests import UnreadableManifest, manifests  # noqa: PLC0415 - YAML takes its time to import

    try:
        snapshot = manifests(settings.cluster, change).snapshot()
    except UnreadableManifest as error:
        raise Failure(str(error)) from error
    if not snapshot.tables:
        raise Failure(f"{settings.cluster}: no objects of a cluster in it (.yaml, .yml and .json files are read)")
    return View(snapshot=snapshot, policy=settings.policy)


def _from_api_server(settings: Settings, change: Change) -> View:
    from webhook.kube.api import connect  # noqa: PLC0415 - manifests need no connection
    from webhook.kube.credentials import NoCredentials, credentials  # noqa: PLC0415
    from webhook.kube.live import read_all  # noqa: PLC0415
    from webhook.kube.refusals import ApiError  # noqa: PLC0415
    from webhook.plugin.waiting import waiting  # noqa: PLC0415

    try:
        namespace = credentials(settings.kubeconfig, settings.context).namespace
        api = connect(settings.kubeconfig, settings.context, agent="kubectl-livemigration")
        with waiting("Reading the cluster"):
            reading = read_all(api, KINDS)
            snapshot = reading.snapshot if change is unchanged else _changed(api, reading.snapshot, change)
    except (NoCredentials, ApiError) as error:
        raise not_reached(error) from error
    if VMI in reading.missing:
        raise Failure("this cluster has no KubeVirt: it doesn't know VirtualMachineInstances", Exit.UNREACHABLE)
    forbidden = {error.resource.name: str(error) for error in reading.forbidden}
    if VMI.name in forbidden:
        raise Failure(forbidden[VMI.name], Exit.UNREACHABLE)
    return View(
        snapshot=snapshot,
        policy=_without(settings.policy, forbidden),
        namespace=namespace or DEFAULT_NAMESPACE,
        incomplete=tuple(_notes(reading.missing, forbidden)),
    )


def _changed(api: "Api", snapshot: Snapshot, change: Change) -> Snapshot:
    """Read VMIs and VMs once more, as documents, and put them in as `change` returns them."""
    from webhook.kube.live import view  # noqa: PLC0415

    views = {
        kind.name: dict(view(kind, dict(change({**item, "kind": kind.name}))) for page in pages for item in page.items)
        for kind, pages in ((kind, api.pages(kind, timeout=TIMEOUT)) for kind in (VMI, VM))
        if snapshot.table(kind.name)
    }
    return snapshot.changed(views)


def _without(policy: Policy, forbidden: Iterable[str]) -> Policy:
    """Return the policy without the restrictions that can't be judged."""
    off = {restriction: Enforcement.OFF for kind in forbidden for restriction in _UNTELLABLE.get(kind, ((), ""))[0]}
    return replace(policy, enforcements={**policy.enforcements, **off})


def _notes(missing: Iterable[Resource], forbidden: Mapping[str, str]) -> Iterable[str]:
    for kind, refusal in forbidden.items():
        if kind != MIGRATION.name:
            yield f"{refusal}; {_UNTELLABLE.get(kind, ((), 'the rest is judged without it'))[1]}"
    for absent in missing:
        if absent is VM:
            yield "this cluster doesn't know VirtualMachines; only what runs is shown"

"""Reading the cluster once, from manifests or from an API server, as far as it may be read."""

import time
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from webhook.engine.policy import Enforcement, Policy
from webhook.engine.wording import listed
from webhook.kube.opening import DEFAULT_NAMESPACE, read_manifests
from webhook.kube.source import Change, Reading, unchanged
from webhook.plugin.access import Access
from webhook.plugin.failure import Exit, Failure, reaching
from webhook.plugin.waiting import waiting
from webhook.settings.settings import Settings
from webhook.state.kinds import (
    CLAIM,
    FLAVOURS,
    KUBEVIRT,
    MIGRATION,
    NAMESPACE,
    NODE,
    POD,
    POLICY,
    VM,
    VMI,
)
from webhook.state.manifests import UnreadableManifest
from webhook.state.resource import Resource
from webhook.state.snapshot import Snapshot

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


class View(Struct, frozen=True, kw_only=True):
    """The cluster as a command sees it.

    `namespace` is the default one, `place` names the cluster, `incomplete` says what could not be read.
    """

    snapshot: Snapshot
    policy: Policy
    namespace: str = DEFAULT_NAMESPACE
    place: str = ""
    incomplete: tuple[str, ...] = ()


def open_cluster(access: Access, change: Change = unchanged, *, namespace: str | None = None) -> View:
    """Read the cluster that is meant; VMs and VMIs are taken as `change` returns them.

    Where the whole of it may not be read, `namespace` is: "" for the current one, None where only the whole will do.

    Raises:
        Failure: when it can't be read, or has no KubeVirt.
    """
    view = _view(access.settings, _read(access, change, namespace))
    return replace(view, policy=view.policy.resolved(view.snapshot.kubevirt))


def today() -> str:
    """Return the day (UTC) until which exemptions have to hold."""
    return time.strftime("%Y-%m-%d", time.gmtime())


def _read(access: Access, change: Change, namespace: str | None) -> Reading:
    manifests = access.settings.cluster
    try:
        with waiting("Reading the cluster"), reaching():
            if manifests:
                return read_manifests(manifests, change)
            from webhook.kube.live import read_all  # noqa: PLC0415 - manifests need no client, which takes 50 ms

            api = access.api_server()
            place = "" if namespace is None else namespace or api.namespace
            return read_all(api, namespace=place, change=change)
    except UnreadableManifest as error:
        raise Failure(str(error)) from error


def _view(settings: Settings, reading: Reading) -> View:
    """Return what was read, or raise Failure where there is nothing to judge."""
    if settings.cluster and not reading.snapshot.tables:
        raise Failure(f"{settings.cluster}: no objects of a cluster in it (.yaml, .yml and .json files are read)")
    if VMI in reading.missing:
        raise Failure("this cluster has no KubeVirt: it doesn't know VirtualMachineInstances", Exit.UNREACHABLE)
    forbidden = {error.resource.name: str(error) for error in reading.forbidden}
    if VMI.name in forbidden:
        raise Failure(forbidden[VMI.name], Exit.UNREACHABLE)
    return View(
        snapshot=reading.snapshot,
        policy=_without(settings.policy.on(today()), forbidden),
        namespace=reading.namespace,
        place=reading.place,
        incomplete=(*_notes(reading.missing, forbidden), *_narrowed(reading.narrowed)),
    )


def _narrowed(kinds: Iterable[Resource]) -> Iterable[str]:
    if names := [kind.plural for kind in kinds]:
        yield f"no right to list {listed(names)} in other namespaces: this is about one namespace alone"


TOLD_ELSEWHERE: Final = frozenset({MIGRATION.name, *(kind.name for kind in FLAVOURS)})
"""Kinds without which nothing is judged otherwise, or what isn't known is told with each VM."""


def _without(policy: Policy, forbidden: Iterable[str]) -> Policy:
    """Return the policy without the restrictions that can't be judged."""
    off = {restriction: Enforcement.OFF for kind in forbidden for restriction in _UNTELLABLE.get(kind, ((), ""))[0]}
    return replace(policy, enforcements={**policy.enforcements, **off})


def _notes(missing: Iterable[Resource], forbidden: Mapping[str, str]) -> Iterable[str]:
    for kind, refusal in forbidden.items():
        if kind not in TOLD_ELSEWHERE:
            yield f"{refusal}; {_UNTELLABLE.get(kind, ((), 'the rest is judged without it'))[1]}"
    for absent in missing:
        if absent is VM:
            yield "this cluster doesn't know VirtualMachines; only what runs is shown"

"""The webhook's four endpoints, and the one way in which each of them comes to a verdict."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from webhook.admission import migrations, pods, virtualmachines
from webhook.admission.review import AdmissionRequest, NotAReview
from webhook.engine.assessment import Rules
from webhook.engine.verdict import ALLOWED, Verdict
from webhook.kube.source import Cluster
from webhook.state.kinds import Reference
from webhook.state.snapshot import Snapshot

Judge = Callable[[AdmissionRequest, Snapshot, Rules], Verdict]


class Hook(Struct, frozen=True, kw_only=True):
    """An endpoint: the resources and operations it judges, and the pure function that judges them."""

    path: str
    name: str
    group: str
    resources: frozenset[str]
    operations: frozenset[str]
    judge: Judge


HOOKS: Final = (
    Hook(
        path="/validate/migrations",
        name="migration.validate.live-migration-webhook",
        group="kubevirt.io",
        resources=frozenset({"virtualmachineinstancemigrations"}),
        operations=frozenset({"CREATE"}),
        judge=migrations.validate,
    ),
    Hook(
        path="/validate/virtualmachines",
        name="vm.validate.live-migration-webhook",
        group="kubevirt.io",
        resources=frozenset({"virtualmachines", "virtualmachineinstances"}),
        operations=frozenset({"CREATE", "UPDATE"}),
        judge=virtualmachines.validate,
    ),
    Hook(
        path="/mutate/migrations",
        name="migration.mutate.live-migration-webhook",
        group="kubevirt.io",
        resources=frozenset({"virtualmachineinstancemigrations"}),
        operations=frozenset({"CREATE"}),
        judge=migrations.mutate,
    ),
    Hook(
        path="/mutate/pods",
        name="pod.mutate.live-migration-webhook",
        group="",
        resources=frozenset({"pods"}),
        operations=frozenset({"CREATE"}),
        judge=pods.mutate,
    ),
)
USUAL: Final = 64 * 1024
"""Bytes of a request that a snapshot may remember: what strangers write must not fill the memory."""
BY_PATH: Final[Mapping[str, Hook]] = {hook.path: hook for hook in HOOKS}


async def decide(hook: Hook, request: AdmissionRequest, cluster: Cluster, rules: Rules, timeout: float) -> Verdict:
    """Come to a verdict within `timeout` seconds.

    The hook's judge looks at the snapshot at hand. What its verdict rests on is read from the API server first, once
    each, and the judge asked again: no one is refused because of a stale copy, and an allowed request awaits nothing.

    Raises:
        NotAReview: when the hook doesn't judge such a resource.
        ClusterUnavailable: when the cluster can't be read in time.
    """
    if request.group != hook.group or request.resource not in hook.resources:
        wanted = " and ".join(sorted(hook.resources))
        raise NotAReview(f"{hook.path} judges {wanted} of {hook.group or 'the core group'}, not {request.resource}")
    if request.operation not in hook.operations or request.subresource:
        return ALLOWED
    deadline = time.monotonic() + timeout
    today = time.strftime("%Y-%m-%d", time.gmtime())
    snapshot = cluster.snapshot() if request.size <= USUAL else cluster.snapshot().apart()
    verdict = hook.judge(request, snapshot, rules.resolved(snapshot.kubevirt, today))
    read: frozenset[Reference] = frozenset()
    while unread := verdict.rests_on - read:
        snapshot = await cluster.reread(snapshot, unread, deadline - time.monotonic())
        read |= unread
        verdict = hook.judge(request, snapshot, rules.resolved(snapshot.kubevirt, today))
    return verdict

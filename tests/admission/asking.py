"""Asking the hooks: requests, clusters that record what is read of them, and the verdict."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import orjson

from testbed.builders import a_review, a_spec
from webhook.admission import review
from webhook.admission.hooks import BY_PATH, decide
from webhook.engine.assessment import Rules
from webhook.engine.policy import Policy
from webhook.engine.verdict import Verdict
from webhook.state.kinds import Reference
from webhook.state.snapshot import Snapshot, snapshot_of

MIGRATIONS = "virtualmachineinstancemigrations"
WITH_CD_ROM = a_spec(disks=[{"name": "iso", "cdrom": {}}], volumes=[{"name": "iso", "cloudInitNoCloud": {}}])
WITH_A_BRIDGE = a_spec(interfaces=[{"name": "default", "bridge": {}}])
VOLUME = {"name": "root", "persistentVolumeClaim": {"claimName": "web-root"}}
CONTROLLER = "system:serviceaccount:kubevirt:kubevirt-controller"


@dataclass
class RecordingCluster:
    """A cluster whose copy is `stale` and whose API server has `truth`; it records what is read."""

    stale: list[Any]
    truth: list[Any]
    reads: list[frozenset[Reference]] = field(default_factory=list)

    def snapshot(self) -> Snapshot:
        return snapshot_of(self.stale)

    async def reread(self, snapshot: Snapshot, references: frozenset[Reference], timeout: float) -> Snapshot:
        assert snapshot is not None
        assert timeout <= 5
        self.reads.append(references)
        return snapshot_of(self.truth)


def a_request(document: Any, *, resource: str = MIGRATIONS, **request: Any) -> review.AdmissionRequest:
    return review.read(orjson.dumps(a_review(document, resource=resource, **request)))


def a_migration(vmi: str = "web", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"generateName": "move-"}, "spec": {"vmiName": vmi, **spec}}


def judged(
    request: review.AdmissionRequest, *cluster: Any, policy: Policy | None = None, path: str = "/validate/migrations"
) -> Verdict:
    return decided(request, RecordingCluster([*cluster], [*cluster]), policy, path)


def decided(
    request: review.AdmissionRequest,
    cluster: RecordingCluster,
    policy: Policy | None = None,
    path: str = "/validate/migrations",
) -> Verdict:
    return asyncio.run(decide(BY_PATH[path], request, cluster, Rules(policy=policy or Policy()), timeout=5))

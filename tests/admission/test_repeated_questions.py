"""The same migration is asked about again and again: what a snapshot caches is what would be found anew."""

import asyncio
from itertools import product
from typing import Any

import pytest

from testbed.builders import a_claim, a_kubevirt, a_node, a_spec, a_vmi_document
from tests.admission.asking import CONTROLLER, VOLUME, WITH_CD_ROM, a_migration, a_request
from webhook.admission import migrations
from webhook.admission.hooks import BY_PATH, decide
from webhook.engine.assessment import Rules
from webhook.engine.policy import Enforcement, Policy, Profile
from webhook.engine.verdict import Verdict
from webhook.objects.labels import HOSTNAME
from webhook.state import snapshot as snapshots
from webhook.state.kinds import CLAIM
from webhook.state.manifests import Manifests
from webhook.state.snapshot import Snapshot, snapshot_of

CLUSTER = (
    a_kubevirt(),
    *(a_node(name) for name in ("node-a", "node-b", "node-c")),
    a_vmi_document(),
    a_vmi_document(WITH_CD_ROM, name="with-cd"),
    a_vmi_document(a_spec(volumes=[VOLUME]), name="unshared"),
    a_claim("web-root", "ReadWriteOnce"),
)
SPECS: tuple[dict[str, Any], ...] = (
    {},
    {"addedNodeSelector": {HOSTNAME: "node-b"}},
    {"addedNodeSelector": {HOSTNAME: "node-a"}},
    {"sendTo": {"connectURL": "there", "migrationID": "1"}},
    {"receive": {"migrationID": "1"}},
)
POLICIES = (
    Policy(),
    Policy(profile=Profile.KUBEVIRT),
    Policy(enforcements={"cd-rom": Enforcement.WARN}),
    Policy(controllers=Enforcement.DENY),
)
QUESTIONS = tuple(product(("web", "with-cd", "unshared"), SPECS, ("alice", CONTROLLER), POLICIES))


def ask(snapshot: Snapshot, vmi: str, spec: dict[str, Any], user: str, policy: Policy) -> Verdict:
    request = a_request(a_migration(vmi, **spec), userInfo={"username": user})
    return migrations.mutate(request, snapshot, Rules(policy=policy))


@pytest.mark.parametrize("cached", [1, 1000], ids=["nearly nothing is kept", "everything is kept"])
def test_the_same_question_gets_the_same_answer(cached: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "CACHED", cached)
    shared = snapshot_of(CLUSTER)

    told = [[ask(shared, *question) for question in QUESTIONS] for _ in range(2)]

    anew = [ask(snapshot_of(CLUSTER), *question) for question in QUESTIONS]
    assert told == [anew, anew]
    assert len({(verdict.allowed, verdict.message) for verdict in anew}) > len(SPECS)


def test_a_cluster_that_has_changed_is_judged_anew() -> None:
    before = snapshot_of(CLUSTER)
    question = ("unshared", SPECS[0], "alice", POLICIES[0])
    assert not ask(before, *question).allowed

    shared = snapshot_of([a_claim("web-root", "ReadWriteMany")]).table(CLAIM.name)
    after = before.changed({CLAIM.name: dict(shared.items())})

    assert ask(after, *question).allowed
    assert not ask(before, *question).allowed


@pytest.mark.parametrize(
    ("added", "cached"),
    [pytest.param("n" * 60, True, id="a label"), pytest.param("n" * 100_000, False, id="what no label can be")],
)
def test_what_is_too_long_to_be_a_label_is_not_cached(added: str, cached: bool) -> None:  # noqa: FBT001
    cluster = Manifests(snapshot_of(CLUSTER))

    request = a_request(a_migration(addedNodeSelector={added: "x"}))
    asyncio.run(decide(BY_PATH["/mutate/migrations"], request, cluster, Rules(), 5))

    assert bool(cluster.snapshot()._cache) is cached

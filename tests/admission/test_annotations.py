"""What an allowed migration says of itself."""

import asyncio
from typing import Any

import orjson
import pytest

from testbed.builders import a_cluster, a_launcher, a_node, a_review, a_spec, a_vmi_document
from tests.admission.test_patch import applied
from webhook.admission.annotations import MEANINGS
from webhook.admission.hooks import BY_PATH, decide
from webhook.admission.review import read
from webhook.engine.assessment import Rules
from webhook.engine.verdict import Verdict
from webhook.state.manifests import Manifests

PREFIX = "live-migration-webhook/"


def a_migration(*, annotations: Any = None, **spec: Any) -> Any:
    """Return a migration of the VM `default/web`."""
    metadata = {"name": "m"} | ({"annotations": annotations} if annotations else {})
    return {"metadata": metadata, "spec": {"vmiName": "web", **spec}}


def mutated(migration: Any, *documents: Any, vmi: Any = None) -> Verdict:
    """Return the verdict on a new migration of a VM that runs on node-a."""
    request = read(orjson.dumps(a_review(migration, resource="virtualmachineinstancemigrations")))
    running = a_vmi_document(a_spec(), uid="u-web", **(vmi or {}))
    cluster = a_cluster(running, a_launcher(), a_node("node-a"), *documents)
    return asyncio.run(decide(BY_PATH["/mutate/migrations"], request, Manifests(cluster), Rules(), 1.0))


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        (["node-b"], "node-b"),
        (["node-c", "node-b"], "node-b,node-c"),
        ([f"node-{n}" for n in range(10, 22)], "node-10,node-11,node-12,node-13,node-14 (+7)"),
    ],
)
def test_the_nodes_and_the_cpu_selectors_are_written_down(others: list[str], expected: str) -> None:
    migration = a_migration(annotations={"note": "mine"})
    verdict = mutated(migration, *map(a_node, others))
    assert applied(migration, verdict.patch)["metadata"]["annotations"] == {
        "note": "mine",
        PREFIX + "eligible-nodes": expected,
        PREFIX + "cpu-selectors": "cpu-model-migration.node.kubevirt.io/Skylake=true",
        PREFIX + "completion-timeout": "150s",
        PREFIX + "completion-timeout-of-kubevirt": "300s",
        PREFIX + "progress-timeout": "150s",
    }


def test_every_annotation_has_its_meaning_in_the_reference() -> None:
    migration = a_migration()
    written = applied(migration, mutated(migration, a_node("node-b")).patch)["metadata"]["annotations"]
    assert set(written) == {PREFIX + key for key in MEANINGS}


def test_what_an_older_migration_said_is_not_copied() -> None:
    migration = a_migration(annotations={PREFIX + "eligible-nodes": "node-z"})
    annotations = applied(migration, mutated(migration, a_node("node-b")).patch)["metadata"]["annotations"]
    assert annotations[PREFIX + "eligible-nodes"] == "node-b"


def test_a_second_run_writes_nothing() -> None:
    migration = a_migration()
    once = applied(migration, mutated(migration, a_node("node-b")).patch)
    assert mutated(once, a_node("node-b")).patch == ()


@pytest.mark.parametrize(
    ("migration", "vmi"),
    [
        (a_migration(), {"status": {"phase": "Pending"}}),
        (a_migration(vmiName="nobody"), {}),
        (a_migration(vmiName=""), {}),
    ],
    ids=["not running", "no such VMI", "no name"],
)
def test_nothing_is_written_where_nothing_is_known(migration: Any, vmi: Any) -> None:
    verdict = mutated(migration, a_node("node-b"), vmi=vmi)
    assert (verdict.allowed, verdict.patch) == (True, ())


def test_a_refused_migration_is_not_patched() -> None:
    verdict = mutated(a_migration(addedNodeSelector={"kubernetes.io/hostname": "node-z"}), a_node("node-b"))
    assert (verdict.allowed, verdict.patch) == (False, ())

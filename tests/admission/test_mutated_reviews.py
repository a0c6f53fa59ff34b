"""Thousands of reviews bent at random: each gets an answer, none is answered with 5xx.

Seeded: the same reviews in every run. A review that was bent is whatever a client of the API server, or a bug in one,
may send; it is judged in the cluster of its fixture, whose objects are bent, too.
"""

import asyncio
import copy
import itertools
import random
from collections.abc import Iterator
from typing import Any, Final

import orjson
import pytest

from testbed.fixture_files import Fixture, fixtures
from tests.admission.answers import reviewed
from webhook.admission.hooks import HOOKS
from webhook.admission.reviewer import Outcome, Reviewer
from webhook.engine.assessment import Rules
from webhook.server.http1 import refused
from webhook.state.manifests import Manifests
from webhook.state.snapshot import snapshot_of

NUMBER: Final = 20_000
ROUNDS: Final = 10
"""Into which the number is cut, so that a failure names its seed."""

STRANGE: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    1 << 62,
    1e308,
    "",
    " ",
    "0",
    "8Gii",
    "n" * 300,
    "\U0001f4bf",
    "\u202egnirts",
    "\x00\n\x1b[31m",
    "a/b/c",
    "{}",
    "[1, 2",
    '[{"metadata":{"name":"x"},"spec":{"accessModes":"all"}}]',
    [],
    [None],
    ["x"],
    [[]],
    [{}],
    {},
    {"": None},
    {"name": {"name": "x"}},
    {"kubevirt.io/x": 7},
)
KEYS: Final = (
    "", "name", "spec", "status", "metadata", "labels", "annotations", "nodeName", "domain", "template", "sendTo",
    "receive", "cdrom", "gpus", "conditions", "migratedVolumes", "nodeSelector", "affinity", "cpu", "ownerReferences",
    "addedNodeSelector", "deletionTimestamp", "evictionStrategy", "volumeClaimTemplates", "tolerations",
)  # fmt: skip


def bent(document: Any, chance: random.Random) -> Any:
    """Return a copy with one to four places changed: replaced, removed, repeated, renamed or wrapped."""
    document = copy.deepcopy(document)
    for _ in range(chance.randint(1, 4)):
        places = list(places_in(document))
        if places:
            bend(*chance.choice(places), chance)
    return document


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container with each of its keys or positions."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places_in(value[key])


def bend(container: Any, key: Any, chance: random.Random) -> None:
    match chance.randrange(6):
        case 0 | 1:
            container[key] = copy.deepcopy(chance.choice(STRANGE))
        case 2:
            del container[key]
        case 3:
            container[key] = [container[key], copy.deepcopy(container[key])]
        case 4:
            container[key] = {chance.choice(KEYS): container[key]}
        case 5 if isinstance(container, dict):
            container[chance.choice(KEYS)] = container.pop(key)


async def judged(fixture: Fixture, chance: random.Random) -> Outcome:
    """Bend a fixture's review, or its cluster, or both, and let one of the hooks answer."""
    review = bent(fixture.review, chance) if chance.random() < 0.8 else fixture.review
    documents = [bent(document, chance) if chance.random() < 0.5 else document for document in fixture.cluster]
    cluster = Manifests(snapshot_of(document for document in documents if isinstance(document, dict)))
    hooks = [hook for hook in HOOKS if fixture.resource in hook.resources]
    body = orjson.dumps(review, option=orjson.OPT_NON_STR_KEYS)
    return await Reviewer(cluster=cluster, rules=Rules()).review(chance.choice(hooks), body, timeout=5)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_bent_review_is_never_our_failure(seed: int) -> None:
    chance = random.Random(seed)
    stories = list(fixtures())

    async def all_judged() -> list[Outcome]:
        return [await judged(chance.choice(stories), chance) for _ in range(NUMBER // ROUNDS)]

    outcomes = asyncio.run(all_judged())

    assert {outcome.status for outcome in outcomes} == {200, 400}
    assert all(is_well_formed(outcome) for outcome in outcomes)


def is_well_formed(outcome: Outcome) -> bool:
    """Tell whether an answer is what the API server takes: it drops warnings that have control characters."""
    if outcome.status == 400:
        body = refused(outcome.status, outcome.error).body
        return body.count(b"\n") == 1 and body.endswith(b"\n")
    response = orjson.loads(outcome.answer)["response"]
    warnings = response.get("warnings", [])
    return (
        isinstance(response["allowed"], bool)
        and all(0 < len(warning) <= 120 and warning.isprintable() for warning in warnings)
        and (response["allowed"] or bool(response["status"]["message"]))
        and ("patch" in response) == ("patchType" in response)
    )


def test_bytes_bent_at_random_are_never_our_failure() -> None:
    chance = random.Random(0)
    cluster = Manifests(snapshot_of(()))
    statuses = set()
    for fixture, _ in itertools.product(fixtures(), range(20)):
        body = bytearray(orjson.dumps(fixture.review))
        for _ in range(chance.randint(1, 8)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        statuses.add(reviewed(cluster, HOOKS[0], bytes(body)).status)
    assert statuses == {200, 400}

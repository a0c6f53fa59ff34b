"""Whatever strangers call their objects, nothing that we say forges a line, moves a cursor or turns the writing round.

Each story is told with names to which a stranger has put such characters: in the review, in the cluster, or in both.
"""

import asyncio
import io
import random
from collections.abc import Iterator
from contextlib import redirect_stderr
from typing import Any, Final

import orjson
import pytest

from testbed.fixture_files import Fixture, fixtures
from webhook.admission.hooks import HOOKS
from webhook.admission.reviewer import Outcome, Reviewer
from webhook.engine.assessment import Rules
from webhook.engine.policy import Policy, Profile
from webhook.kube import logs
from webhook.kube.events import note_of
from webhook.server.http1 import refused
from webhook.server.record import record
from webhook.state.manifests import Manifests
from webhook.state.snapshot import snapshot_of

EVIL: Final = (
    "\x1b[2J",
    "\nall is well",
    "\r\n",
    "\u202egnirts\u202c",
    "\u2066",
    "\x9b31m",
    "\u2028",
    "\x00",
    "\ufeff",
)
ROUNDS: Final = 10
STORIES: Final = list(fixtures())
SPOKEN: Final = frozenset({"apiVersion", "kind", "operation", "group", "version", "resource"})
"""Keys whose values aren't names: with others it would be no review."""


def strings_in(value: Any, key: str = "") -> Iterator[str]:
    match value:
        case str() if key not in SPOKEN:
            yield value
        case dict():
            for name, each in value.items():
                yield from strings_in(each, name)
        case list():
            for each in value:
                yield from strings_in(each, key)


def renamed(value: Any, names: dict[str, str], key: str = "") -> Any:
    """Return a copy in which what has a new name has it everywhere, as a value and as a key."""
    match value:
        case str():
            return value if key in SPOKEN else names.get(value, value)
        case dict():
            return {name: renamed(each, names, name) for name, each in value.items()}
        case list():
            return [renamed(each, names, key) for each in value]
    return value


async def told(story: Fixture, chance: random.Random) -> Outcome:
    found = sorted({*strings_in(story.review), *strings_in(story.cluster)})
    evil = {name: name + chance.choice(EVIL) + "x" for name in found if chance.random() < 0.3}
    cluster = Manifests(snapshot_of(renamed(story.cluster, evil)))
    rules = Rules(policy=Policy(profile=chance.choice(list(Profile))))
    [hook, *_] = [hook for hook in HOOKS if story.resource in hook.resources]
    return await Reviewer(cluster=cluster, rules=rules).review(hook, orjson.dumps(renamed(story.review, evil)), 5)


def said(outcome: Outcome) -> Iterator[str]:
    """Yield every line that anybody is told: the caller, who reads Events, and who reads the log."""
    if outcome.verdict is None:
        yield refused(outcome.status, outcome.error).body.decode().removesuffix("\n")
    else:
        response = orjson.loads(outcome.answer)["response"]
        status = response.get("status", {})
        yield from status.pop("message", "").split("\n")
        yield from strings_in([status, response.get("warnings", []), response.get("auditAnnotations", {})])
        note = note_of(outcome.verdict)
        yield note.message if note else ""


def logged(outcomes: list[Outcome], form: str) -> str:
    """Return the log of all of them."""
    with io.TextIOWrapper(io.BytesIO()) as stream, redirect_stderr(stream):
        logs.configure(form, "info")
        for outcome in outcomes:
            record(outcome, 0.001)
        stream.flush()
        written: bytes = stream.buffer.getvalue()
    return written.decode()


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_names_of_strangers_are_only_read(seed: int) -> None:
    chance = random.Random(seed)

    async def all_told() -> list[Outcome]:
        return [await told(story, chance) for story in STORIES for _ in range(4)]

    outcomes = asyncio.run(all_told())

    assert {outcome.status for outcome in outcomes} == {200}
    assert any(outcome.verdict and outcome.verdict.causes for outcome in outcomes)
    lines = [line for outcome in outcomes for line in said(outcome)]
    assert [line for line in lines if not line.isprintable()] == []
    for form in ("json", "console"):
        log = logged(outcomes, form).splitlines()
        assert len(log) == len(outcomes)
        assert [line for line in log if not line.isprintable()] == []

"""Every fixture, through the `review` command and through HTTP: the same answer, byte for byte."""

from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from testbed.fixture_files import FOLDER, Fixture, fixtures
from tests.server.asking import posted
from webhook.admission.hooks import HOOKS
from webhook.cli import main
from webhook.engine.catalogue import entries
from webhook.kube.files import objects_in
from webhook.settings.settings import load
from webhook.state.manifests import Manifests
from webhook.state.snapshot import snapshot_of

ALL = list(fixtures())
OTHER_FOLDERS = {"several", "requests"}
"""Folders of stories that aren't about one restriction."""
every_fixture = pytest.mark.parametrize("fixture", ALL, ids=lambda fixture: fixture.name)


def reviewed(fixture: Fixture) -> tuple[int, bytes]:
    """Run `review`; return the exit code and what it prints."""
    settings = [f"--{key.replace('_', '-')}={value}" for key, value in fixture.expected.get("settings", {}).items()]
    result = CliRunner().invoke(main, ["review", str(fixture.path), "--cluster", str(fixture.path), *settings])
    return result.exit_code, result.stdout_bytes


def served(fixture: Fixture) -> bytes:
    """Post the review to its endpoint; return the response's body."""
    settings = load({**fixture.expected.get("settings", {}), "cluster": str(fixture.path)}, {})
    path = max(hook.path for hook in HOOKS if fixture.resource in hook.resources)
    cluster = Manifests(snapshot_of(objects_in(str(fixture.path))))
    response = posted(cluster, path, orjson.dumps(fixture.review), policy=settings.policy)
    assert response.status == 200
    return response.body


@every_fixture
def test_the_review_command_gives_the_expected_answer(fixture: Fixture) -> None:
    code, output = reviewed(fixture)

    response = orjson.loads(output)["response"]
    assert told(response) == expected(fixture)
    assert code == (0 if response["allowed"] else 1)


@every_fixture
def test_the_server_gives_the_same_bytes(fixture: Fixture) -> None:
    _, output = reviewed(fixture)

    assert served(fixture) == output.rstrip(b"\n")


@pytest.mark.parametrize("fixture", ALL, ids=lambda fixture: fixture.name)
def test_its_name_promises_what_it_tells(fixture: Fixture) -> None:
    outcomes = {"allow": (True, False), "warn": (True, True), "deny": (False, False)}
    allowed, warned = outcomes[fixture.outcome]

    assert fixture.expected["allowed"] is allowed
    if fixture.folder not in OTHER_FOLDERS:
        assert bool(fixture.expected.get("warnings")) is warned
    assert fixture.path.read_text().startswith("# ")


def test_every_folder_is_a_restriction_or_a_known_kind_of_story() -> None:
    ids = {entry.id for entry in entries()}

    assert {path.name for path in FOLDER.iterdir()} <= ids | OTHER_FOLDERS


@pytest.mark.parametrize("entry_id", sorted({entry.id for entry in entries()}))
def test_every_restriction_and_predicate_has_a_story_in_both_directions(entry_id: str) -> None:
    outcomes = {fixture.outcome for fixture in ALL if fixture.folder == entry_id}

    assert {"allow", "deny"} <= outcomes


def told(response: dict[str, Any]) -> dict[str, Any]:
    """Return what a fixture expects of a response, as the response has it."""
    status = response.get("status", {})
    return {
        "allowed": response["allowed"],
        "message": status.get("message"),
        "causes": [{"reason": c["reason"], "field": c["field"]} for c in status.get("details", {}).get("causes", [])],
        "warnings": response.get("warnings", []),
    }


def expected(fixture: Fixture) -> dict[str, Any]:
    """Return what a fixture expects of a response."""
    wanted = fixture.expected
    return {
        "allowed": wanted["allowed"],
        "message": wanted.get("message"),
        "causes": wanted.get("causes", []),
        "warnings": wanted.get("warnings", []),
    }

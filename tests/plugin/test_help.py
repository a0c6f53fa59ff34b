"""What `--help` says, `explain` and `version`: only what a command takes, and what its exit codes mean."""

import re
from importlib.metadata import version

import pytest

from tests.plugin.conftest import Typed
from webhook.engine.catalogue import entries
from webhook.plugin.group import COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_help_tells_what_the_exit_codes_mean(command: str, typed: Typed) -> None:
    assert re.search(r"Exit codes: 0 \w", typed(command, "--help").out)


@pytest.mark.parametrize("command", ["start", "abort", "doctor"])
def test_what_changes_something_offers_only_what_it_takes(command: str, typed: Typed) -> None:
    options = set(re.findall(r"--[a-z-]+", typed(command, "--help").out))
    assert options - {"--to", "--wait", "--dry-run"} == {
        "--namespace",
        "--kubeconfig",
        "--context",
        "--as",
        "--request-timeout",
        "--help",
    }


def test_the_commands_that_install_completion_are_lines(typed: Typed) -> None:
    lines = [line.strip() for line in typed("completion", "--help").out.splitlines()]
    assert "bash: source <(kubectl-livemigration completion bash)" in lines
    assert "fish: kubectl-livemigration completion fish | source" in lines


def test_a_restriction_is_explained_where_a_denial_sends_people(typed: Typed) -> None:
    answer = typed("explain", "cd-rom", "container-disk")
    assert answer.code == 0
    assert answer.out.startswith("cd-rom (restriction)\n\nA CD-ROM with a medium in it.")
    assert "container-disk (restriction)" in answer.out


def test_without_an_id_all_are_listed(typed: Typed) -> None:
    out = typed("explain").out
    assert all(f"  {entry.id} " in out for entry in entries())


def test_an_unknown_id_is_told_with_a_near_one(typed: Typed) -> None:
    answer = typed("explain", "cdrom")
    assert (answer.code, answer.err) == (2, "error: nothing is called cdrom; is it cd-rom?\n")


def test_the_version_is_told(typed: Typed) -> None:
    assert typed("version").out == f"{version('live-migration-webhook')}\n"

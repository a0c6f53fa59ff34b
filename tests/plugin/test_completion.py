"""Completion: the shells' scripts, and kubectl's own question."""

import os
import subprocess
import sys

import pytest

from tests.plugin.conftest import Typed
from tools.examples import PROGRAM, ROOT
from webhook.plugin import completion, group


@pytest.mark.parametrize(
    ("words", "proposals"),
    [
        (
            [""],
            [
                "check",
                "nodes",
                "start",
                "abort",
                "drain",
                "cpu-models",
                "report",
                "doctor",
                "explain",
                "version",
                "completion",
                ":4",
            ],
        ),
        (["ch"], ["check", ":4"]),
        (["nodes", "--cluster", "examples/cluster", "-n", "shop", "web-"], ["web-1", "web-2", ":4"]),
        (["drain", "--cluster", "examples/cluster", "w"], ["witness", ":4"]),
        (["check", "--cluster", "examples/cluster", "-n", ""], ["lab", "office", "shop", ":4"]),
        (["check", "-o", "j"], ["json", "junit", ":4"]),
        (["check", "--cluster", "/nowhere", ""], [":4"]),
        (["check", "--cluster", ""], [":0"]),
    ],
    ids=" ".join,
)
def test_kubectl_gets_one_proposal_a_line_and_what_to_do_with_files(
    words: list[str],
    proposals: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["kubectl_complete-livemigration", *words])
    completion.for_kubectl()
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()] == proposals


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell: str, typed: Typed) -> None:
    answer = typed("completion", shell)
    assert (answer.code, group.VARIABLE in answer.out) == (0, True)


def test_bash_completes_with_its_script() -> None:
    script = """
        source <(kubectl-livemigration completion bash)
        COMP_WORDS=(kubectl-livemigration nodes --cluster examples/cluster -n shop web-); COMP_CWORD=6
        _kubectl_livemigration_completion kubectl-livemigration
        echo "${COMPREPLY[@]}"
    """
    path = os.pathsep.join([str(PROGRAM.parent), os.environ["PATH"]])
    result = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert (result.stdout, result.stderr) == ("web-1 web-2\n", "")

"""Running commands as they are typed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pytest

from tools.examples import ROOT
from webhook.plugin.group import run

KEPT: Final = ("COLUMNS", "NO_COLOR", "KUBECONFIG")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


Typed = Callable[..., Answer]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Typed:
    """Give a function that runs a command in this process, beside the examples, with a kubeconfig that isn't there."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("KUBECONFIG", "/nowhere/config")

    def command(*arguments: str) -> Answer:
        code = run(arguments)
        captured = capsysbinary.readouterr()
        return Answer(code=code, out=captured.out.decode(), err=captured.err.decode())

    return command

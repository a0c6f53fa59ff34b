"""The examples are what the commands say, byte for byte; `make examples` writes them anew."""

import pytest

from tools.examples import ENVIRONMENT, EXAMPLES, OUTPUTS, PICTURE, ROOT
from webhook.plugin.group import run


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_what_the_command_says(
    name: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(ROOT)
    for variable, value in ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)
    run(EXAMPLES[name].split())
    assert capsysbinary.readouterr().out.decode() == (OUTPUTS / name).read_text()


def test_there_are_no_other_outputs() -> None:
    assert {path.name for path in OUTPUTS.iterdir()} == set(EXAMPLES)


def test_the_picture_is_a_picture() -> None:
    assert PICTURE.read_bytes().startswith(b"\x89PNG")

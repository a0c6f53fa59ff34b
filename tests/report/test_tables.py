"""Tables at terminals of any width."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.clusters import a_machine, a_node, surveyed, the_example
from webhook.foresight.survey import Survey
from webhook.report import forms
from webhook.report.tables import check_explained, check_lines, check_table, rendered

EXAMPLE: Final = the_example()


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_line_is_longer_than_the_terminal_and_no_restriction_is_lost(width: int) -> None:
    text = rendered(check_table(EXAMPLE), width=width, colours=False)
    assert max(map(len, text.splitlines())) <= width
    for restriction in ("cpu-model", "no-eligible-node", "cd-rom", "container-disk", "read-write-once"):
        assert restriction in text


@settings(max_examples=30, deadline=None)
@given(width=st.integers(min_value=1, max_value=300))
def test_any_width_will_do(width: int) -> None:
    for parts in (check_table(EXAMPLE), check_explained(EXAMPLE)):
        assert max(map(len, rendered(parts, width=width, colours=False).splitlines())) <= width


def test_colours_are_escape_sequences_and_without_them_there_is_none() -> None:
    assert "\x1b[32myes" in rendered(check_table(EXAMPLE), width=100, colours=True)
    assert "\x1b" not in rendered(check_table(EXAMPLE), width=100, colours=False)


def test_no_line_ends_with_blanks() -> None:
    lines = rendered(check_table(EXAMPLE), width=10_000, colours=False).splitlines()
    assert lines == [line.rstrip() for line in lines]


@pytest.mark.parametrize("parts", [check_table, check_lines, check_explained], ids=lambda parts: parts.__name__)
def test_names_of_strangers_do_not_reach_the_terminal_as_they_are(parts: Callable[[Survey], Any]) -> None:
    name = "a\x1b[31m\x07\u202eb\r\nc"
    survey = surveyed(a_node("node-a"), a_node(name), *a_machine(name, namespace=name, stuck=True), *a_machine("web"))
    text = rendered(parts(survey), width=200, colours=False)
    assert all(character.isprintable() for character in text.replace("\n", ""))


@pytest.mark.parametrize("form", ["markdown", "junit"])
def test_nor_do_they_reach_reports_of_text(form: str) -> None:
    name = "a\x1b[31m\x07\u202eb\r\nc"
    survey = surveyed(a_node("node-a"), a_node(name), *a_machine(name, namespace=name, stuck=True))
    text = forms.written("report", form, survey).decode()
    assert all(character.isprintable() for character in text.replace("\n", ""))

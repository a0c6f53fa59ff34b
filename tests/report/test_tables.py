"""Tables at terminals of any width: no value is ever cut."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.clusters import a_machine, a_node, surveyed, the_example
from webhook.foresight.cpu_models import cpu_models
from webhook.foresight.drain import drain
from webhook.foresight.survey import Survey
from webhook.report import forms
from webhook.report.layout import Cell, Column, Part, Screen, Table, rendered
from webhook.report.tables import (
    check_explained,
    check_lines,
    check_rows,
    check_table,
    cpu_models_table,
    drain_table,
    nodes_table,
)

EXAMPLE: Final = the_example()
WIDTHS: Final = st.integers(min_value=40, max_value=200)
BUILDER: Final = next(finding for finding in EXAMPLE.findings if finding.vmi.metadata.name == "builder")


def every_table() -> list[Part]:
    """Return the parts of every table of ours."""
    previews = (drain(EXAMPLE, node) for node in ("node-1", "node-2", "node-4"))
    return [
        *check_table(EXAMPLE),
        *check_explained(EXAMPLE),
        *nodes_table(BUILDER, EXAMPLE),
        *(part for preview in previews for part in drain_table(preview, EXAMPLE)),
        *cpu_models_table(cpu_models(EXAMPLE), EXAMPLE),
    ]


def shown_cells(table: Table, width: int) -> tuple[list[str], list[list[str]]]:
    """Read a table back from what a terminal of this width shows: the headers, and the words of each cell."""
    header, *lines = rendered([table], Screen(width=width)).partition("left out")[0].splitlines()
    columns = [column for column in table.columns if f"  {column.header}  " in f"  {header}  "]
    starts, at = [], 0
    for column in columns:
        at = f"{header} ".index(f"{column.header} ", at)
        starts.append(at)
    ends = [*starts[1:], None]
    cells = [[line[start:end].strip() for start, end in zip(starts, ends, strict=True)] for line in lines]
    return [column.header for column in columns], cells


@settings(max_examples=100, deadline=None)
@given(width=WIDTHS)
def test_every_cell_that_is_shown_is_whole(width: int) -> None:
    table = check_rows(EXAMPLE)
    headers, cells = shown_cells(table, width)
    expected = [
        [cell.text for cell, column in zip(row, table.columns, strict=True) if column.header in headers]
        for row in table.rows
    ]
    found: list[list[str]] = []
    for line in cells:
        if line[headers.index("NAME")]:
            found.append(line)
        else:
            found[-1] = [f"{above} {below}".strip() for above, below in zip(found[-1], line, strict=True)]
    assert found == expected


@settings(max_examples=100, deadline=None)
@given(width=st.integers(min_value=1, max_value=200))
def test_no_word_of_any_table_is_cut_and_what_is_left_out_is_named(width: int) -> None:
    for part in every_table():
        words = rendered([part], Screen(width=width)).split()
        if not isinstance(part, Table):
            assert words == rendered([part], Screen()).split()
            continue
        text = " ".join(words)
        shown = [column for column in part.columns if not column.wide and f" {column.header}" not in _left_out(text)]
        for row in part.rows:
            for cell, column in zip(row, part.columns, strict=True):
                assert column not in shown or set(cell.text.split()) <= set(words)


def _left_out(text: str) -> str:
    return text.partition("left out for want of room:")[2]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_a_table_that_can_fit_does(width: int) -> None:
    assert max(map(len, rendered(check_table(EXAMPLE), Screen(width=width)).splitlines())) <= width


def test_a_wide_table_leaves_nothing_out_however_narrow_the_terminal_is() -> None:
    assert rendered(check_table(EXAMPLE), Screen(width=40, wide=True)) == rendered(
        check_table(EXAMPLE), Screen(wide=True)
    )
    assert "left out" not in rendered(check_table(EXAMPLE), Screen(width=40, wide=True))


@settings(max_examples=30, deadline=None)
@given(width=WIDTHS)
def test_a_command_is_one_line(width: int) -> None:
    commands = [command.text for command in BUILDER.commands]
    models = cpu_models(EXAMPLE)
    assert len(commands) == 3
    lines = rendered(every_table(), Screen(width=width)).splitlines()
    stripped = [line.strip() for line in lines]
    assert {*commands, models.cluster_command} <= set(stripped)


def test_columns_of_one_screen_begin_at_the_same_place() -> None:
    table = Table(
        (Column("A"), Column("B", words=True)), ((Cell("x"), Cell("one two")), (Cell("long name"), Cell("y")))
    )
    assert rendered([table], Screen()) == "A          B\nx          one two\nlong name  y\n"


def test_several_vms_are_summed_up() -> None:
    *_, last = rendered(check_table(EXAMPLE), Screen()).splitlines()
    assert last.startswith("11 VMs: 4 can move, 7 can't: cd-rom 2, ")


def test_colours_are_escape_sequences_and_without_them_there_is_none() -> None:
    assert "\x1b[32myes" in rendered(check_table(EXAMPLE), Screen(width=100, colours=True))
    assert "\x1b" not in rendered(check_table(EXAMPLE), Screen(width=100))


def test_no_line_ends_with_blanks() -> None:
    lines = rendered(every_table(), Screen()).splitlines()
    assert lines == [line.rstrip() for line in lines]


@pytest.mark.parametrize("parts", [check_table, check_lines, check_explained], ids=lambda parts: parts.__name__)
def test_names_of_strangers_do_not_reach_the_terminal_as_they_are(parts: Callable[[Survey], Any]) -> None:
    name = "a\x1b[31m\x07\u202eb\r\nc"
    survey = surveyed(a_node("node-a"), a_node(name), *a_machine(name, namespace=name, stuck=True), *a_machine("web"))
    text = rendered(parts(survey), Screen(width=200))
    assert all(character.isprintable() for character in text.replace("\n", ""))


def test_a_name_as_long_as_kubernetes_allows_is_whole() -> None:
    name = "n" * 253
    survey = surveyed(a_node("node-a"), a_node(name), *a_machine(name, namespace="m" * 63))
    for width in (40, 0):
        assert name in rendered(check_table(survey), Screen(width=width)).split()


@pytest.mark.parametrize("form", ["markdown", "junit"])
def test_nor_do_they_reach_reports_of_text(form: str) -> None:
    name = "a\x1b[31m\x07\u202eb\r\nc"
    survey = surveyed(a_node("node-a"), a_node(name), *a_machine(name, namespace=name, stuck=True))
    text = forms.written("report", form, survey).decode()
    assert all(character.isprintable() for character in text.replace("\n", ""))

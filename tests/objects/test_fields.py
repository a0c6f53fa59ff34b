"""Reading untrusted JSON."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.objects.fields import FIRST_NOTES, NOTE_LIMIT, Fields

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("getter", "value", "expected", "note"),
    [
        ("text", 3, "", "spec.x is a number, not a string"),
        ("text", None, "", None),
        ("flag", "true", None, "spec.x is a string, not true or false"),
        ("flag", False, False, None),
        ("number", True, None, "spec.x is true or false, not a whole number"),
        ("number", 1.5, None, "spec.x is a number, not a whole number"),
        ("number", 0, 0, None),
        ("scalar", 8, "8", None),
        ("scalar", "8Gi", "8Gi", None),
        ("scalar", True, "", "spec.x is true or false, not a string"),
        ("strings", {"a": 1}, (), "spec.x is an object, not a list"),
        ("strings", ["a", None], ("a",), "spec.x[1] is null, not a string"),
        ("string_map", ["a"], {}, "spec.x is a list, not an object"),
        ("string_map", {"a": "b", "c": 1}, {"a": "b"}, "spec.x[c] is a number, not a string"),
    ],
)
def test_what_has_the_wrong_type_is_absent_and_noted(getter: str, value: Any, expected: Any, note: str | None) -> None:
    document = Fields({"spec": {"x": value}})

    assert getattr(document.object("spec"), getter)("x") == expected
    assert document.notes.all() == ((note,) if note else ())


def test_entries_of_a_list_keep_their_positions() -> None:
    document = Fields({"disks": [None, {"name": "a"}, "b", {"name": "c"}]})

    assert [(index, disk.text("name")) for index, disk in document.objects("disks")] == [(1, "a"), (3, "c")]
    assert document.notes.all() == ("disks[0] is null, not an object", "disks[2] is a string, not an object")


def test_a_path_grows_on_the_way_down() -> None:
    document = Fields({"spec": {"disks": [{"name": 7}]}})

    for _, disk in document.object("spec").objects("disks"):
        disk.text("name")

    assert document.notes.all() == ("spec.disks[0].name is a number, not a string",)


def test_of_each_field_the_first_notes_are_told_and_the_others_counted() -> None:
    document = Fields({"spec": {"disks": [{"name": 7}] * 900, "tags": {"a": 1}}})

    for _, disk in document.object("spec").objects("disks"):
        disk.text("name")
    document.object("spec").string_map("tags")

    assert document.notes.all() == (
        *(f"spec.disks[{index}].name is a number, not a string" for index in range(FIRST_NOTES)),
        "spec.tags[a] is a number, not a string",
        "spec.disks[].name: 892 more entries can't be read",
    )


def test_a_document_is_read_up_to_a_bound_and_what_is_left_out_is_told() -> None:
    document = Fields({"spec": {"disks": [{}] * 130_000, "names": ["a", "b"]}})

    assert len(list(document.object("spec").objects("disks"))) == 1_000
    assert document.object("spec").strings("names") == ()
    assert list(document.notes.unread) == ["spec.disks", "spec.names"]
    assert document.notes.all() == (
        "spec.disks has 130,000 entries, of which only 1,000 are read",
        "spec.names has 2 entries, of which only 0 are read",
    )


def test_a_note_is_no_longer_than_a_person_reads_however_long_the_key() -> None:
    document = Fields({"tags": {"a" * 1_000_000: 1}})

    document.string_map("tags")

    [note] = document.notes.all()
    assert len(note) == NOTE_LIMIT


@given(value=ANYTHING)
def test_no_value_makes_a_getter_fail(value: Any) -> None:
    document = Fields({"x": value})

    for getter in ("text", "flag", "number", "scalar", "object", "strings", "string_map"):
        getattr(document, getter)("x")
    list(document.objects("x"))

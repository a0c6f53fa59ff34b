"""Entries put into a map of a document: exactly what is missing, and nothing else changes."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.admission.patch import Operation, entries_added

PATH = ("metadata", "annotations")


def applied(document: Any, patch: tuple[Operation, ...]) -> Any:
    """Apply operations as the API server does."""
    result = deepcopy(document)
    for operation in patch:
        assert operation["op"] == "add"
        *way, last = [key.replace("~1", "/").replace("~0", "~") for key in operation["path"].split("/")[1:]]
        place = result
        for key in way:
            place = place[key]
        place[last] = operation["value"]
    return result


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(
            {"metadata": {"annotations": {"a": "1"}}},
            [{"op": "add", "path": "/metadata/annotations/x~1y~0z", "value": "2"}],
            id="into a map that is there",
        ),
        pytest.param(
            {"metadata": {"name": "n"}},
            [{"op": "add", "path": "/metadata/annotations", "value": {"x/y~z": "2"}}],
            id="into a new map",
        ),
        pytest.param(
            {"metadata": {"annotations": None}},
            [{"op": "add", "path": "/metadata/annotations", "value": {"x/y~z": "2"}}],
            id="in place of null",
        ),
        pytest.param({}, [{"op": "add", "path": "/metadata", "value": {"annotations": {"x/y~z": "2"}}}], id="deep"),
        pytest.param({"metadata": {"annotations": {"x/y~z": "2"}}}, [], id="there already"),
        pytest.param(
            {"metadata": {"annotations": {"x/y~z": "1"}}},
            [{"op": "add", "path": "/metadata/annotations/x~1y~0z", "value": "2"}],
            id="with another value",
        ),
        pytest.param({"metadata": {"annotations": ["x"]}}, [], id="no map"),
        pytest.param({"metadata": "x"}, [], id="no map on the way"),
    ],
)
def test_entries_are_added(document: Any, expected: Any) -> None:
    assert list(entries_added(document, PATH, {"x/y~z": "2"})) == expected


def test_nothing_is_made_for_no_entries() -> None:
    assert entries_added({}, PATH, {}) == ()


names = st.text("ab/~", min_size=1, max_size=4)
maps = st.dictionaries(names, st.text(max_size=3), max_size=4)
documents: st.SearchStrategy[Any] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"metadata": st.one_of(st.none(), st.just({}), st.fixed_dictionaries({"annotations": maps}))}
    ),
)


@given(documents, maps)
def test_a_patched_document_has_the_entries_and_needs_no_second_patch(document: Any, entries: dict[str, str]) -> None:
    patched = applied(document, entries_added(document, PATH, entries))
    before = ((document.get("metadata") or {}).get("annotations")) or {}
    assert ((patched.get("metadata") or {}).get("annotations") or {}) == {**before, **entries}
    assert entries_added(patched, PATH, entries) == ()

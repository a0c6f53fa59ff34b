"""Reading manifests: YAML and JSON, lists, and what can't be read."""

import json
from typing import Any

import pytest

from webhook.state.manifests import (
    DEEPEST,
    LARGEST_YAML,
    UnreadableManifest,
    documents,
    located_documents,
    unfolded,
)

VM = {"kind": "VirtualMachine", "metadata": {"name": "web"}}
NODE = {"kind": "Node", "metadata": {"name": "a"}}


@pytest.mark.parametrize("text", [b"kind: Node\n", b' \n{"kind": "Node"}', b'{\n\t"kind": "Node"\n}'])
def test_yaml_and_json_are_read_alike(text: bytes) -> None:
    assert list(documents("a.yaml", text)) == [{"kind": "Node"}]
    assert [document for document, _ in located_documents("a.yaml", text)] == [{"kind": "Node"}]


def test_a_place_in_a_document_is_known_by_its_line() -> None:
    [_, (_, tree)] = located_documents("a.yaml", b"kind: Node\n---\nkind: Pod\n")

    assert tree.start_mark.line == 2


def test_lists_are_unfolded_however_deep_and_only_where_they_are_lists() -> None:
    inner = {"kind": "NodeList", "items": [NODE]}

    assert list(unfolded({"kind": "List", "items": [inner, VM]})) == [
        NODE,
        VM | {"metadata": {"name": "web", "namespace": "default"}},
    ]
    assert list(unfolded({"kind": "Node", "items": [VM]})) == [{"kind": "Node", "items": [VM]}]
    assert list(unfolded({"items": [VM]})) == [{"items": [VM]}]


@pytest.mark.parametrize("document", [NODE, {"kind": "Unheard", "metadata": {"name": "x"}}, {"metadata": {}}])
def test_what_needs_no_namespace_gets_none(document: dict[str, Any]) -> None:
    assert list(unfolded(document)) == [document]


def test_yaml_of_the_largest_size_is_read_and_one_byte_more_is_refused() -> None:
    fitting = b"kind: Node\n" + b"#" * (LARGEST_YAML - 11)

    assert list(documents("a.yaml", fitting)) == [{"kind": "Node"}]
    with pytest.raises(UnreadableManifest, match=r"^a\.yaml: \d+ MiB of YAML, at most \d+ are read"):
        list(documents("a.yaml", fitting + b"#"))


def test_a_document_that_is_too_deep_is_refused_and_many_flat_ones_are_not() -> None:
    deep = "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)
    flat = "".join(f"- [{number}]\n" for number in range(2 * DEEPEST))

    with pytest.raises(UnreadableManifest, match=rf"^a\.yaml: nested more than {DEEPEST} levels deep$"):
        list(documents("a.yaml", f"deep: {deep}".encode()))
    assert len(next(documents("a.yaml", flat.encode()))) == 2 * DEEPEST


def test_json_may_be_larger_than_yaml() -> None:
    text = json.dumps({"kind": "Node", "note": "x" * LARGEST_YAML}).encode()

    assert next(documents("a.json", text))["kind"] == "Node"

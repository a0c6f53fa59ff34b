"""A table is a mapping that never changes, and whose successors share what they can."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.builders import a_cluster, a_launcher, a_node, a_pod
from webhook.state.table import Key, Table


@dataclass(frozen=True)
class Thing:
    """A view with labels."""

    number: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)


KEYS = st.tuples(st.sampled_from(["", "default", "other"]), st.sampled_from(["a", "b", "c"]))
CHANGES = st.dictionaries(KEYS, st.none() | st.builds(Thing, st.integers(0, 2)))


@given(st.lists(CHANGES, max_size=5))
def test_a_table_has_what_was_put_in_and_not_taken_out(rounds: list[dict[Key, Thing | None]]) -> None:
    table: Table[Thing] = Table()
    wanted: dict[Key, Thing] = {}
    for changes in rounds:
        table = table.changed(changes)
        wanted = {key: thing for key, thing in (wanted | changes).items() if thing is not None}

    assert dict(table.items()) == wanted
    assert list(table) == [thing for _, thing in table.items()]
    assert len(table) == len(wanted)
    assert all(table.get(*key) == wanted.get(key) for key in wanted)
    assert dict(table.items("default")) == {key: thing for key, thing in wanted.items() if key[0] == "default"}


@given(CHANGES, CHANGES)
def test_a_change_leaves_the_old_table_as_it_was(
    first: dict[Key, Thing | None], second: dict[Key, Thing | None]
) -> None:
    table = Table[Thing]().changed(first)
    before = dict(table.items())

    table.changed(second)

    assert dict(table.items()) == before


@given(CHANGES)
def test_a_change_that_changes_nothing_gives_the_same_table(changes: dict[Key, Thing | None]) -> None:
    table = Table[Thing]().changed(changes)

    assert table.changed(changes) is table


def test_a_change_shares_the_namespaces_that_it_does_not_touch() -> None:
    table = Table({"default": {"a": Thing(1)}, "other": {"b": Thing(2)}})

    changed = table.changed({("default", "a"): Thing(3)})

    assert changed._namespaces["other"] is table._namespaces["other"]


def test_objects_are_found_by_the_labels_that_they_carry() -> None:
    table = Table(
        {
            "default": {"a": Thing(labels={"app": "web", "tier": "front"}), "b": Thing(labels={"app": "web"})},
            "other": {"c": Thing(labels={"app": "web", "tier": "front"})},
        }
    )

    assert list(table.carrying({("app", "web"), ("tier", "front")})) == [("default", "a"), ("other", "c")]
    assert list(table.carrying({("app", "web")}, "default")) == [("default", "a"), ("default", "b")]
    assert list(table.carrying({("app", "")}, "default")) == []
    assert list(table.carrying((), "other")) == [("other", "c")]


PODS = [
    a_launcher(),
    a_launcher("node-b", uid="u-db", vmi="db"),
    a_pod(name="other", labels={"kubevirt.io/created-by": "u-web", "app": "web"}),
    a_pod(name="other", namespace="elsewhere", labels={"kubevirt.io/created-by": "u-web"}),
]
NODES = [a_node("node-a", labels={"zone": "1", "disk": "fast"}), a_node("node-b", labels={"zone": "1"})]


@pytest.mark.parametrize("namespace", ["", "default", "elsewhere"])
@pytest.mark.parametrize(
    "labels",
    [
        pytest.param([], id="no label"),
        pytest.param([("kubevirt.io/created-by", "u-web")], id="a VMI's"),
        pytest.param([("kubevirt.io/created-by", "u-web"), ("kubevirt.io", "virt-launcher")], id="a VMI's launchers"),
        pytest.param([("kubevirt.io/created-by", "u-nobody")], id="a VMI's that does not exist"),
        pytest.param([("app", "web")], id="another label"),
    ],
)
def test_pods_are_found_by_their_labels_as_in_any_table(namespace: str, labels: list[tuple[str, str]]) -> None:
    pods = a_cluster(*PODS).pods

    assert sorted(pods.carrying(labels, namespace)) == sorted(Table.carrying(pods, labels, namespace))


@pytest.mark.parametrize(
    "labels",
    [[], [("zone", "1")], [("zone", "1"), ("disk", "fast")], [("zone", "2")], [("kubernetes.io/hostname", "node-a")]],
    ids=["no label", "both", "one", "none", "the name"],
)
def test_nodes_are_found_by_their_labels_as_in_any_table(labels: list[tuple[str, str]]) -> None:
    nodes = a_cluster(*NODES).nodes

    assert sorted(nodes.carrying(labels)) == sorted(Table.carrying(nodes, labels))

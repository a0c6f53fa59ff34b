"""The migrations: those that haven't ended are at hand, however many have."""

from typing import Any

from webhook.objects.fields import Fields
from webhook.objects.migration import Migration, read_migration
from webhook.state.migrations import MigrationTable


def a_migration(name: str, phase: str) -> tuple[Any, Migration]:
    view = read_migration(Fields({"metadata": {"name": name, "namespace": "shop"}, "status": {"phase": phase}}))
    return view.metadata.key, view


def test_the_unfinished_ones_follow_every_change() -> None:
    table = MigrationTable().changed(
        dict([a_migration("a", "Running"), a_migration("b", ""), a_migration("c", "Failed")])
    )
    assert {name for _, name in table.unfinished} == {"a", "b"}

    table = table.changed(dict([a_migration("a", "Succeeded")]) | {("shop", "b"): None})
    assert not table.unfinished
    assert len(table) == 2

    table = table.changed(dict([a_migration("d", "Scheduling")]))
    assert [each.metadata.name for each in table.unfinished.values()] == ["d"]

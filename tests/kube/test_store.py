"""Changes become snapshots: at once when they are few, together when they come in a burst."""

import threading
from typing import Any

from testbed.waiting import until
from tests.kube.scripted_server import a_namespace
from webhook.kube.store import Store
from webhook.state.kinds import NAMESPACE
from webhook.state.table import Key


def named(name: str) -> tuple[Key, Any]:
    return NAMESPACE.view(a_namespace(name))


def test_a_burst_of_changes_makes_one_snapshot() -> None:
    store = Store()
    before = store.snapshot
    for number in range(1000):
        store.put(NAMESPACE, *named(f"n{number}"))

    assert store.snapshot is before
    store.publish()

    assert len(store.snapshot.table("Namespace")) == 1000


def test_a_snapshot_in_use_does_not_change() -> None:
    store = Store()
    store.replace(NAMESPACE, dict([named("a")]))
    used = store.snapshot
    store.put(NAMESPACE, ("", "a"), None)
    store.put(NAMESPACE, *named("b"))
    store.publish()

    assert [space.name for space in used.table("Namespace")] == ["a"]
    assert [space.name for space in store.snapshot.table("Namespace")] == ["b"]


def test_a_list_read_anew_overrides_changes_that_still_wait() -> None:
    store = Store()
    store.replace(NAMESPACE, dict([named("a")]))
    store.put(NAMESPACE, *named("b"))
    store.replace(NAMESPACE, dict([named("c")]))
    store.publish()

    assert [space.name for space in store.snapshot.table("Namespace")] == ["c"]


def test_changes_are_published_as_they_come_until_that_is_stopped() -> None:
    store, stopped = Store(), threading.Event()
    publisher = threading.Thread(target=store.publish_until, args=(stopped,))
    publisher.start()
    store.put(NAMESPACE, *named("a"))
    until(lambda: store.snapshot.namespace("a"))
    store.put(NAMESPACE, *named("b"))
    until(lambda: store.snapshot.namespace("b"))
    stopped.set()
    store.wake()
    publisher.join(10)

    assert not publisher.is_alive()

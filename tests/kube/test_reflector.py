"""What no healthy API server does: watches that go silent, break, end at once, or say nonsense."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from testbed.waiting import until
from tests.kube.scripted_server import (
    SILENCE,
    Answer,
    ScriptedServer,
    a_bookmark,
    a_list,
    a_namespace,
    a_refusal,
    a_watch,
    an_error,
    an_event,
    scripted_server,
)
from webhook.kube.api import Api
from webhook.kube.credentials import Tls
from webhook.kube.freshness import Freshness
from webhook.kube.reflector import Pace
from webhook.kube.source import ClusterUnavailable
from webhook.kube.transport import Transport
from webhook.kube.watched import WatchedCluster
from webhook.state.kinds import KUBEVIRT, NAMESPACE, Kind

FAST = Pace(silence=0.3, page=0.3, retry=0.01, longest_retry=0.05, absent=0.01)


@dataclass(frozen=True)
class Nobody:
    """Credentials that say nothing."""

    server: str
    proxy: str = ""
    namespace: str = "default"
    context: str = ""

    def tls(self) -> Tls:
        return Tls()

    def authorization(self) -> str:
        return ""


@contextmanager
def following(
    kind: Kind = NAMESPACE, /, *, max_age: float = 60, pace: Pace = FAST, **script: Sequence[Answer]
) -> Iterator[tuple[WatchedCluster, ScriptedServer]]:
    """Watch one kind at a server with this script."""
    with scripted_server(**script) as server:
        cluster = WatchedCluster(Api(Transport(Nobody(server.url))), [kind], max_age=max_age, pace=pace)
        cluster.start()
        try:
            yield cluster, server
        finally:
            cluster.stop()


def names(cluster: WatchedCluster) -> set[str]:
    """Return the namespaces that are known, also while they may not be relied on."""
    return {namespace.name for namespace in cluster._store.snapshot.table(NAMESPACE.name)}


def said(cluster: WatchedCluster) -> str:
    """Return what is said of the kind."""
    return str(cluster.statuses()[0])


def test_a_watch_that_goes_silent_is_given_up_and_resumed() -> None:
    watches = [
        a_watch(an_event("ADDED", a_namespace("b", "11")), then=SILENCE),
        a_watch(an_event("ADDED", a_namespace("c", "12")), then=SILENCE),
    ]
    with following(list=[a_list(a_namespace("a"))], watch=watches) as (cluster, server):
        until(lambda: names(cluster) == {"a", "b", "c"})

        assert [request.query["resourceVersion"] for request in server.asked("watch")][:2] == ["10", "11"]
        assert len(server.asked("list")) == 1


def test_a_silent_watch_makes_the_service_not_ready_once_it_is_too_old() -> None:
    with following(list=[a_list()], watch=[a_refusal(500, "down")], max_age=0.5) as (cluster, _):
        until(cluster.ready)
        until(lambda: not cluster.ready())

        with pytest.raises(
            ClusterUnavailable, match=r"^Namespace: stale, last confirmed \d+ s ago: the API server ans"
        ):
            cluster.snapshot()


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param(a_watch(an_error(410, "too old resource version")), id="as an event"),
        pytest.param(a_refusal(410, "too old resource version"), id="as the answer"),
    ],
)
def test_a_forgotten_version_makes_the_list_be_read_anew(gone: Answer) -> None:
    lists = [a_list(a_namespace("a"), a_namespace("b")), a_list(a_namespace("b"), a_namespace("c"), version="20")]
    with following(list=lists, watch=[gone, a_watch(then=SILENCE)]) as (cluster, server):
        until(lambda: names(cluster) == {"b", "c"})

        assert until(lambda: server.asked("watch")[1:])[0].query["resourceVersion"] == "20"


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        pytest.param(a_watch(b'{"type": "ADDED", "obj\n'), "sent something that isn't an event", id="half a line"),
        pytest.param(a_watch(b"<html>502</html>\n"), "sent something that isn't an event", id="no JSON"),
        pytest.param(a_watch({"type": "ADDED"}), "sent something that isn't an event", id="no object"),
        pytest.param(a_watch({"type": "ADDED", "object": []}), "of an unknown type", id="a list for an object"),
        pytest.param(a_watch({"type": "PARTY", "object": {}}), "of an unknown type", id="an unknown type"),
        pytest.param(a_watch(an_error(500, "etcd is away")), "answers 500 to watch namespaces: etcd is", id="an error"),
        pytest.param(a_watch(), "ended at once", id="an end at once"),
        pytest.param(Answer(parts=[b'{"type"'], whole=False), "broke: ", id="a lost connection"),
    ],
)
def test_a_watch_that_breaks_is_said_and_resumed_where_it_was(broken: Answer, words: str) -> None:
    good = a_watch(an_event("ADDED", a_namespace("b", "12")), then=SILENCE)
    slow = Pace(silence=60, page=1, retry=0.2, longest_retry=0.2)
    with following(list=[a_list(a_namespace("a"))], watch=[broken, good], pace=slow) as (cluster, server):
        until(lambda: words in said(cluster))
        until(lambda: names(cluster) == {"a", "b"})

        assert said(cluster) == "Namespace: current"
        assert [request.query["resourceVersion"] for request in server.asked("watch")] == ["10", "10"]
        assert len(server.asked("list")) == 1


def test_an_object_that_comes_in_pieces_is_put_together() -> None:
    line = b'{"type":"ADDED","object":{"metadata":{"name":"b","resourceVersion":"11"}}}\n'
    pieces = [line[:1], line[1:40], line[40:] + line[:7], line[7:], SILENCE]
    with following(list=[a_list()], watch=[Answer(parts=pieces)]) as (cluster, _):
        until(lambda: names(cluster) == {"b"})

        assert cluster.ready()


def test_a_bookmark_moves_the_place_to_resume_from() -> None:
    watches = [a_watch(a_bookmark("42")), a_watch(then=SILENCE)]
    with following(list=[a_list()], watch=watches) as (_, server):
        resumed = until(lambda: server.asked("watch")[1:])[0]

        assert resumed.query["resourceVersion"] == "42"
        assert resumed.query["allowWatchBookmarks"] == "true"


def test_a_list_is_read_page_by_page() -> None:
    pages = [a_list(a_namespace("a"), token="next"), a_list(a_namespace("b"), version="30")]
    with following(list=pages, watch=[a_watch(then=SILENCE)]) as (cluster, server):
        until(cluster.ready)

        assert names(cluster) == {"a", "b"}
        assert [request.query.get("continue", "") for request in server.asked("list")] == ["", "next"]
        assert until(lambda: server.asked("watch"))[0].query["resourceVersion"] == "30"


def test_nothing_is_known_before_the_last_page_has_come() -> None:
    with following(list=[a_list(a_namespace("a"), token="next"), Answer(parts=[SILENCE])]) as (cluster, server):
        until(lambda: len(server.asked("list")) > 3)

        assert not cluster.ready()
        assert names(cluster) == set()
        with pytest.raises(ClusterUnavailable, match=r"^Namespace: not loaded yet: .* Read timed out"):
            cluster.snapshot()


def test_a_list_that_is_forgotten_between_two_pages_is_begun_anew() -> None:
    lists = [
        a_list(a_namespace("a"), token="next"),
        a_refusal(410, "the provided continue parameter is too old"),
        a_list(a_namespace("b"), version="30"),
    ]
    with following(list=lists, watch=[a_watch(then=SILENCE)]) as (cluster, server):
        until(cluster.ready)

        assert names(cluster) == {"b"}
        assert [request.query.get("continue", "") for request in server.asked("list")] == ["", "next", ""]


def test_a_kind_that_may_not_be_read_names_the_rule_that_is_missing() -> None:
    with following(list=[a_refusal(403, "namespaces is forbidden")]) as (cluster, _):
        until(lambda: "no right" in said(cluster))

        assert said(cluster) == (
            "Namespace: not loaded yet: no right to list namespaces: "
            'a role needs apiGroups [""], resources ["namespaces"], verbs ["list"]'
        )


def test_a_kind_that_must_be_there_is_not_called_absent() -> None:
    with following(list=[Answer(status=404, parts=[b"404 page not found"])]) as (cluster, _):
        until(lambda: "not a kind" in said(cluster))

        assert cluster.statuses()[0].freshness is Freshness.LOADING


def test_a_kind_that_the_cluster_does_not_have_is_known_to_be_absent_and_looked_for_again() -> None:
    lists = [Answer(status=404, parts=[b"404 page not found"])] * 3 + [a_list()]
    with following(KUBEVIRT, list=lists, watch=[a_watch(then=SILENCE)]) as (cluster, server):
        until(lambda: said(cluster) == "KubeVirt: current")

        assert len(server.asked("list")) == 4


def test_a_fault_in_reading_one_object_is_said_and_does_not_end_the_watch() -> None:
    def fault(_: Any) -> object:
        raise ZeroDivisionError("a fault of ours")

    kind = Kind(name="Namespace", group="", version="v1", plural="namespaces", namespaced=False, read=fault)
    with following(kind, list=[a_list(a_namespace("a"))]) as (cluster, server):
        until(lambda: len(server.asked("list")) > 1)

        assert said(cluster) == "Namespace: not loaded yet: a fault of ours"


def test_an_object_that_looks_the_same_to_all_rules_keeps_its_view_and_the_snapshot() -> None:
    changed = a_namespace("a", "11") | {"status": {"phase": "Active"}}
    watch = a_watch(an_event("MODIFIED", changed), a_bookmark("12"))
    with following(list=[a_list(a_namespace("a"))], watch=[watch, a_watch(then=SILENCE)]) as (cluster, server):
        before = until(lambda: cluster.ready() and cluster.snapshot())
        until(lambda: len(server.asked("watch")) > 1)
        cluster._store.publish()

        assert cluster.snapshot() is before


def test_a_list_read_anew_that_says_the_same_keeps_the_snapshot() -> None:
    with following(list=[a_list(a_namespace("a"))], watch=[a_refusal(410, "gone")]) as (cluster, server):
        before = until(lambda: cluster.ready() and cluster.snapshot())
        until(lambda: len(server.asked("list")) > 2)

        assert cluster.snapshot() is before


@pytest.mark.parametrize(
    "script",
    [
        pytest.param({"list": [Answer(parts=[SILENCE])]}, id="a list that hangs"),
        pytest.param({"list": [a_list()], "watch": [a_watch(then=SILENCE)]}, id="a silent watch"),
        pytest.param({"list": [a_refusal(500, "down")]}, id="a pause after a failure"),
    ],
)
def test_stopping_ends_all_threads(script: dict[str, Sequence[Answer]]) -> None:
    with following(NAMESPACE, max_age=60, pace=Pace(silence=60, page=1, retry=60), **script) as (cluster, server):
        until(lambda: len(server.requests) >= len(script))
        cluster.stop()

        assert not any(reflector._thread.is_alive() for reflector in cluster._reflectors)
        until(lambda: not cluster._publisher.is_alive())

"""Reading the API server at this moment, on a real one: what decides, and everything at once."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from testbed.api import Api as Admin
from testbed.builders import a_kubevirt, a_vmi_document
from testbed.control_plane import ControlPlane
from testbed.waiting import until
from tests.kube.conftest import Watching, define, undefine
from tests.kube.scripted_server import SILENCE, Answer, ScriptedServer, scripted_server
from tests.kube.test_reflector import Nobody
from tests.kube.test_watched_cluster import a_claim_of, calls, put
from webhook.kube import api, live
from webhook.kube.api import Api, connect
from webhook.kube.credentials import ServiceAccount
from webhook.kube.live import read_all
from webhook.kube.refusals import Forbidden, Unreachable
from webhook.kube.source import ClusterUnavailable
from webhook.kube.transport import Transport
from webhook.kube.watched import WatchedCluster
from webhook.state.kinds import CLAIM, KINDS, KUBEVIRT, NAMESPACE, NODE, POD, VMI, Reference
from webhook.state.snapshot import Snapshot

SILENT = 6
"""Reads for one namespace at once."""


@contextmanager
def heartbeats(admin: Admin, node: str) -> Iterator[None]:
    """Let a node's annotation change all the time, as KubeVirt's heartbeat does."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(0.02):
            admin.patch(NODE.path(name=node), {"metadata": {"annotations": {"kubevirt.io/heartbeat": uuid4().hex}}})

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def reread(cluster: WatchedCluster, snapshot: Snapshot, *references: Reference) -> Snapshot:
    """Read these objects anew."""
    return asyncio.run(cluster.reread(snapshot, frozenset(references), timeout=10))


def a_launcher(name: str, **labels: str) -> dict[str, object]:
    """Return a virt-launcher pod that the API server accepts."""
    spec = {"containers": [{"name": "compute", "image": "none"}]}
    return {"metadata": {"name": name, "labels": {"kubevirt.io": "virt-launcher", **labels}}, "spec": spec}


def test_what_is_new_changed_and_gone_is_seen_as_it_is_now(watching: Watching, admin: Admin, place: str) -> None:
    cluster = watching()
    for name in ("changes", "goes"):
        put(admin, VMI, place, a_vmi_document(name=name))
    until(lambda: cluster.snapshot().vmi(place, "goes"))
    before = cluster.snapshot()
    put(admin, CLAIM, place, a_claim_of("ReadWriteMany"))
    admin.patch(VMI.path(place, "changes"), {"status": {"phase": "Failed"}})
    admin.delete(VMI.path(place, "goes"))

    now = reread(
        cluster,
        before,
        Reference(kind=VMI.name, namespace=place, name="changes"),
        Reference(kind=VMI.name, namespace=place, name="goes"),
        Reference(kind=CLAIM.name, namespace=place, name="root"),
    )

    assert (before.claim(place, "root"), now.claim(place, "root") is None) == (None, False)
    changed = now.vmi(place, "changes")
    assert changed is not None
    assert changed.status.phase == "Failed"
    assert now.vmi(place, "goes") is None
    assert before.vmi(place, "goes") is not None


def test_what_has_not_changed_gives_the_same_snapshot(watching: Watching, admin: Admin, place: str) -> None:
    cluster = watching()
    put(admin, VMI, place, a_vmi_document())
    until(lambda: cluster.snapshot().vmi(place, "web"))
    snapshot = cluster.snapshot()
    wanted = [
        Reference(kind=VMI.name, namespace=place, name="web"),
        Reference(kind=CLAIM.name, namespace=place, name="missing"),
        Reference(kind=NAMESPACE.name, name=place),
        Reference(kind=KUBEVIRT.name),
        Reference(kind=POD.name, namespace=place, labels=frozenset({("kubevirt.io/created-by", "u1")})),
    ]

    assert reread(cluster, snapshot, *wanted) is snapshot


def test_a_selection_is_exactly_what_the_api_server_returns(watching: Watching, admin: Admin, place: str) -> None:
    cluster = watching()
    for name in ("stays", "goes"):
        admin.post(POD.path(place), a_launcher(name, app="a"))
    admin.post(POD.path(place), a_launcher("stranger", app="b"))
    until(lambda: all(cluster.snapshot().pods.get(place, name) for name in ("stays", "goes", "stranger")))
    before = cluster.snapshot()
    admin.delete(POD.path(place, "goes"), grace_seconds=0)
    admin.post(POD.path(place), a_launcher("comes", app="a"))

    now = reread(cluster, before, Reference(kind=POD.name, namespace=place, labels=frozenset({("app", "a")})))

    assert {name for (_, name), _ in now.pods.items(place)} == {"stays", "comes", "stranger"}


def test_nodes_are_selected_by_their_labels(watching: Watching, admin: Admin) -> None:
    cluster, name, label = watching(), f"node-{uuid4().hex[:6]}", f"l{uuid4().hex[:6]}"
    admin.post(NODE.path(), {"metadata": {"name": name, "labels": {label: "yes"}}})
    until(lambda: cluster.snapshot().nodes.get("", name))
    before = cluster.snapshot()
    admin.delete(NODE.path(name=name))

    now = reread(cluster, before, Reference(kind=NODE.name, labels=frozenset({(label, "yes")})))

    assert now.nodes.get("", name) is None
    assert before.nodes.get("", name) is not None


def test_many_nodes_are_known_from_the_watch_once_it_has_caught_up(
    watching: Watching, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MANY", 2)
    monkeypatch.setattr(live, "_WORTH", 2.0)
    cluster, label = watching(), f"l{uuid4().hex[:6]}"
    names = [f"node-{uuid4().hex[:6]}" for _ in range(4)]
    for name in names:
        admin.post(NODE.path(), {"metadata": {"name": name, "labels": {label: "yes"}}})
    until(lambda: all(cluster.snapshot().nodes.get("", name) for name in names))
    before = cluster.snapshot()
    monkeypatch.setattr(api, "PAGE", 1)
    admin.delete(NODE.path(name=names[0]))
    counted = calls(admin)["LIST", "nodes"]

    with heartbeats(admin, names[1]):
        now = reread(cluster, before, Reference(kind=NODE.name, labels=frozenset({(label, "yes")})))

    assert [name for name in names if now.nodes.get("", name) is None] == [names[0]]
    assert before.nodes.get("", names[0]) is not None
    assert calls(admin)["LIST", "nodes"] == counted + 1


def test_many_nodes_of_which_the_watch_has_nothing_to_tell_are_read(
    watching: Watching, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MANY", 2)
    cluster, label = watching(), f"l{uuid4().hex[:6]}"
    # Last by name: behind the last one wanted there is no page without any.
    names = [f"zz-{uuid4().hex[:6]}" for _ in range(4)]
    for name in names:
        admin.post(NODE.path(), {"metadata": {"name": name, "labels": {label: "yes"}}})
    until(lambda: all(cluster.snapshot().nodes.get("", name) for name in names))
    snapshot = cluster.snapshot()
    admin.post(NAMESPACE.path(), {"metadata": {"name": f"place-{uuid4().hex[:8]}"}})
    monkeypatch.setattr(api, "PAGE", 1)
    counted = calls(admin)["LIST", "nodes"]

    assert reread(cluster, snapshot, Reference(kind=NODE.name, labels=frozenset({(label, "yes")}))) is snapshot
    assert calls(admin)["LIST", "nodes"] == counted + 1 + len(names)


def test_other_pods_than_launchers_are_read_when_a_decision_rests_on_them(
    watching: Watching, admin: Admin, place: str
) -> None:
    cluster = watching()
    other = a_launcher("other", app="a")
    other["metadata"] = {"name": "other", "labels": {"app": "a"}}
    admin.post(POD.path(place), other)
    wanted = Reference(kind=POD.name, namespace=place, labels=frozenset({("app", "a")}))

    assert reread(cluster, cluster.snapshot(), wanted).pods.get(place, "other") is not None


@pytest.mark.parametrize(
    "label",
    [
        pytest.param(("app", "a,kubevirt.io"), id="a comma in the value"),
        pytest.param(("app in (a)", ""), id="an expression for a key"),
        pytest.param(("app", "ü"), id="not ASCII"),
    ],
)
def test_labels_that_no_object_can_have_select_nothing(
    watching: Watching, admin: Admin, place: str, label: tuple[str, str]
) -> None:
    cluster = watching()
    admin.post(POD.path(place), a_launcher("one", app="a"))
    until(lambda: cluster.snapshot().pods.get(place, "one"))
    snapshot = cluster.snapshot()

    assert reread(cluster, snapshot, Reference(kind=POD.name, namespace=place, labels=frozenset({label}))) is snapshot


def test_a_kind_that_the_cluster_does_not_have_is_simply_absent(watching: Watching, admin: Admin, place: str) -> None:
    cluster = watching()
    put(admin, KUBEVIRT, place, a_kubevirt())
    until(lambda: cluster.snapshot().kubevirt)
    before = cluster.snapshot()
    undefine(admin, KUBEVIRT)
    try:
        by_list = reread(cluster, before, Reference(kind=KUBEVIRT.name))
        by_name = reread(cluster, before, Reference(kind=KUBEVIRT.name, namespace=place, name="kubevirt"))
    finally:
        define(admin, KUBEVIRT)

    assert before.kubevirt is not None
    assert by_list.kubevirt is None
    assert by_name.kubevirt is None


def test_what_may_not_be_read_is_named(watching: Watching) -> None:
    cluster = watching("alice", wait=False)

    with pytest.raises(ClusterUnavailable) as raised:
        reread(cluster, Snapshot(), Reference(kind=CLAIM.name, namespace="default", name="root"))

    assert str(raised.value) == (
        "PersistentVolumeClaim default/root could not be read: no right to get persistentvolumeclaims: "
        'a role needs apiGroups [""], resources ["persistentvolumeclaims"], verbs ["get"]'
    )


def test_what_does_not_come_in_time_is_named() -> None:
    with scripted_server(get=[Answer(parts=[b"{", SILENCE])]) as server:
        cluster = WatchedCluster(Api(Transport(Nobody(server.url))), [])

        wanted = Reference(kind=VMI.name, namespace="default", name="web")
        late = r"could not be read( within 0\.2 s$|: http://127.* can't be reached: Read timed out)"
        with pytest.raises(ClusterUnavailable, match=rf"^VirtualMachineInstance default/web {late}"):
            asyncio.run(cluster.reread(Snapshot(), frozenset({wanted}), timeout=0.2))
        cluster.stop()


def test_no_namespace_keeps_the_readers_from_the_others() -> None:
    silence, found = Answer(parts=[b"{", SILENCE]), Answer(parts=[a_vmi_document()])

    def claims(namespace: str, number: int) -> frozenset[Reference]:
        return frozenset(Reference(kind=CLAIM.name, namespace=namespace, name=f"c-{each}") for each in range(number))

    async def flooded(cluster: WatchedCluster, server: ScriptedServer) -> Snapshot:
        flood = [asyncio.create_task(cluster.reread(Snapshot(), claims("flood", 10), 60)) for _ in range(10)]
        while len(server.requests) < SILENT:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        web = Reference(kind=VMI.name, namespace="default", name="web")
        now = await cluster.reread(Snapshot(), frozenset({web}), 30)
        for each in flood:
            each.cancel()
        return now

    with scripted_server(get=[silence] * SILENT + [found]) as server:
        cluster = WatchedCluster(Api(Transport(Nobody(server.url))), [])
        try:
            assert asyncio.run(flooded(cluster, server)).vmi("default", "web") is not None
        finally:
            server.stopped.set()
            cluster.stop()
    assert len(server.requests) == SILENT + 1


def test_everything_can_be_read_once(bare_plane: ControlPlane, admin: Admin, place: str) -> None:
    put(admin, VMI, place, a_vmi_document())
    put(admin, CLAIM, place, a_claim_of("ReadWriteMany"))

    reading = read_all(connect(str(bare_plane.kubeconfig())))

    assert reading.snapshot.vmi(place, "web") is not None
    assert reading.snapshot.claim(place, "root") is not None
    assert reading.snapshot.namespace(place) is not None
    assert (reading.missing, reading.forbidden) == ((), ())


def test_what_is_missing_or_forbidden_is_said_when_everything_is_read(bare_plane: ControlPlane, admin: Admin) -> None:
    undefine(admin, KUBEVIRT)
    try:
        missing = read_all(connect(str(bare_plane.kubeconfig()))).missing
        forbidden = read_all(connect(str(bare_plane.kubeconfig("alice")))).forbidden
    finally:
        define(admin, KUBEVIRT)

    assert missing == (KUBEVIRT,)
    assert {error.resource for error in forbidden} == set(KINDS)


def test_a_service_account_is_who_its_files_say_at_each_moment(bare_plane: ControlPlane, tmp_path: Path) -> None:
    host, port = bare_plane.server.removeprefix("https://").split(":")
    (tmp_path / "ca.crt").write_text("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
    (tmp_path / "token").write_text(bare_plane.api()._headers["Authorization"].removeprefix("Bearer ") + "\n")
    account = ServiceAccount(tmp_path, {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port})
    api = Api(Transport(account))
    with pytest.raises(Unreachable):
        api.get(NAMESPACE, "", "default", timeout=5)

    (tmp_path / "ca.crt").write_bytes(bare_plane._site.authority.bundle)
    assert api.get(NAMESPACE, "", "default", timeout=5)["metadata"]["name"] == "default"

    (tmp_path / "token").write_text(bare_plane.api("alice")._headers["Authorization"].removeprefix("Bearer "))
    with pytest.raises(Forbidden):
        api.get(NAMESPACE, "", "default", timeout=5)

    (tmp_path / "token").write_text("nobody")
    with pytest.raises(Unreachable, match="does not accept the credentials"):
        api.get(NAMESPACE, "", "default", timeout=5)

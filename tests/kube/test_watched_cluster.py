"""The watched cluster on a real API server: loaded, followed, asked without a call, honest when it doesn't know."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import orjson
import pytest

from testbed.api import Api as Admin
from testbed.builders import a_claim, a_kubevirt, a_review, a_spec, a_vmi_document
from testbed.control_plane import ControlPlane
from testbed.hypervisor import Hypervisor
from testbed.machines import cpu_labels
from testbed.waiting import until
from tests.kube.conftest import Watching, define, undefine
from webhook.admission import review
from webhook.admission.hooks import BY_PATH, decide
from webhook.engine.assessment import Rules
from webhook.engine.verdict import Verdict
from webhook.kube.freshness import Freshness
from webhook.kube.reflector import Pace
from webhook.kube.source import ClusterUnavailable
from webhook.kube.watched import WATCHED, WatchedCluster
from webhook.state.kinds import CLAIM, KUBEVIRT, NAMESPACE, VMI, Kind

VOLUME = {"name": "root", "persistentVolumeClaim": {"claimName": "root"}}


@pytest.fixture
def nodes(admin: Admin) -> Iterator[list[str]]:
    """Add two nodes that take virtual machines."""
    hypervisor = Hypervisor(admin=admin, virt_handler=admin)
    names = [f"node-{uuid4().hex[:6]}" for _ in range(2)]
    for name in names:
        hypervisor.add_node(name, labels=cpu_labels("Skylake-Server"))
    yield names
    hypervisor.close()


def put(admin: Admin, kind: Kind, namespace: str, document: dict[str, Any]) -> None:
    """Create an object in the namespace."""
    document["metadata"]["namespace"] = namespace
    admin.post(kind.path(namespace), document)


def a_claim_of(mode: str) -> dict[str, Any]:
    """Return a claim that the API server accepts."""
    claim = a_claim("root", mode)
    claim["spec"]["resources"] = {"requests": {"storage": "1Gi"}}
    return claim


def ask(cluster: WatchedCluster, namespace: str, vmi: str = "web") -> Verdict:
    """Ask whether a migration may be created."""
    document = {"metadata": {"name": "move", "namespace": namespace}, "spec": {"vmiName": vmi}}
    body = orjson.dumps(a_review(document, resource="virtualmachineinstancemigrations", namespace=namespace))
    return asyncio.run(decide(BY_PATH["/validate/migrations"], review.read(body), cluster, Rules(), timeout=5))


def calls(admin: Admin) -> dict[tuple[str, str], int]:
    """Return how many reads of each resource the API server has answered, by verb."""
    lines = re.findall(
        r'^apiserver_request_total\{(.*resource="(\w+)".*verb="(GET|LIST)".*)\} (\d+)$',
        admin._raw("GET", "/metrics").decode(),
        re.MULTILINE,
    )
    counted: dict[tuple[str, str], int] = {}
    for _, resource, verb, number in lines:
        counted[verb, resource] = counted.get((verb, resource), 0) + int(number)
    return counted


def new_calls(before: dict[tuple[str, str], int], after: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Return the reads of kinds that rules look at."""
    plurals = {kind.plural for kind in WATCHED}
    differences = {call: number - before.get(call, 0) for call, number in after.items() if call[1] in plurals}
    return {call: number for call, number in differences.items() if number}


def test_objects_are_followed_from_their_creation_to_their_end(watching: Watching, admin: Admin, place: str) -> None:
    cluster = watching()
    path = VMI.path(place, "web")
    put(admin, VMI, place, a_vmi_document(status={"phase": "Scheduling"}))
    until(lambda: cluster.snapshot().vmi(place, "web"))

    admin.patch(path, {"status": {"phase": "Running"}})
    until(lambda: (found := cluster.snapshot().vmi(place, "web")) and found.status.phase == "Running")

    admin.delete(path)
    until(lambda: cluster.snapshot().vmi(place, "web") is None)


def test_objects_that_are_there_before_the_start_are_loaded(watching: Watching, admin: Admin, place: str) -> None:
    put(admin, CLAIM, place, a_claim_of("ReadWriteMany"))

    claim = watching().snapshot().claim(place, "root")

    assert claim is not None
    assert claim.access_modes == ("ReadWriteMany",)


def test_all_pods_are_kept_as_any_of_them_takes_room(watching: Watching, admin: Admin, place: str) -> None:
    cluster = watching()
    for name, labels in (("other", {}), ("launcher", {"kubevirt.io": "virt-launcher"})):
        spec = {"containers": [{"name": "compute", "image": "none"}]}
        admin.post(f"/api/v1/namespaces/{place}/pods", {"metadata": {"name": name, "labels": labels}, "spec": spec})

    until(lambda: cluster.snapshot().pods.get(place, "launcher") and cluster.snapshot().pods.get(place, "other"))


def test_virtual_machines_are_not_kept() -> None:
    assert "VirtualMachine" not in {kind.name for kind in WATCHED}


def test_an_allowed_request_costs_no_call(watching: Watching, admin: Admin, place: str, nodes: list[str]) -> None:
    cluster = watching()
    put(admin, VMI, place, a_vmi_document(a_spec(volumes=[VOLUME]), status={"nodeName": nodes[0]}))
    put(admin, CLAIM, place, a_claim_of("ReadWriteMany"))
    until(lambda: cluster.snapshot().vmi(place, "web") and cluster.snapshot().claim(place, "root"))
    before = calls(admin)

    verdicts = [ask(cluster, place) for _ in range(20)]

    assert [verdict.message for verdict in verdicts if not verdict.allowed] == []
    assert new_calls(before, calls(admin)) == {}


def test_before_a_denial_each_deciding_object_is_read_once(watching: Watching, admin: Admin, place: str) -> None:
    cluster = watching()
    put(admin, VMI, place, a_vmi_document(a_spec(volumes=[VOLUME])))
    put(admin, CLAIM, place, a_claim_of("ReadWriteOnce"))
    until(lambda: cluster.snapshot().vmi(place, "web") and cluster.snapshot().claim(place, "root"))
    before = calls(admin)

    verdict = ask(cluster, place)

    assert not verdict.allowed
    assert "read-write-once" in {cause.restriction for cause in verdict.causes}
    read = new_calls(before, calls(admin))
    assert read["GET", VMI.plural] == 1
    assert read["GET", CLAIM.plural] == 1
    assert read["LIST", KUBEVIRT.plural] == 1


def test_a_kind_that_is_installed_later_is_found_and_one_that_is_removed_is_absent(
    watching: Watching, admin: Admin, place: str
) -> None:
    undefine(admin, KUBEVIRT)
    try:
        cluster = watching()
        assert freshness_of(cluster, KUBEVIRT) is Freshness.ABSENT
        assert cluster.snapshot().kubevirt is None
    finally:
        define(admin, KUBEVIRT)
    put(admin, KUBEVIRT, place, a_kubevirt())
    until(lambda: cluster.snapshot().kubevirt)
    assert freshness_of(cluster, KUBEVIRT) is Freshness.CURRENT

    undefine(admin, KUBEVIRT)
    until(lambda: freshness_of(cluster, KUBEVIRT) is Freshness.ABSENT)
    assert cluster.snapshot().kubevirt is None
    define(admin, KUBEVIRT)
    until(lambda: freshness_of(cluster, KUBEVIRT) is Freshness.CURRENT)


def test_a_restart_of_the_api_server_is_survived(
    watching: Watching, bare_plane: ControlPlane, admin: Admin, place: str
) -> None:
    cluster = watching()
    server = bare_plane.processes["kube-apiserver"]
    server.kill()
    until(lambda: all(status.error for status in cluster.statuses()))
    assert cluster.snapshot().namespace(place)

    server.start()
    bare_plane.wait_for_api_server()
    admin.patch(NAMESPACE.path(name=place), {"metadata": {"labels": {"after": "restart"}}})

    until(lambda: (space := cluster.snapshot().namespace(place)) and space.labels.get("after"))
    until(lambda: not any(status.error for status in cluster.statuses()))


def test_an_api_server_that_stays_away_makes_the_state_too_old(watching: Watching, bare_plane: ControlPlane) -> None:
    cluster = watching(max_age=6, pace=Pace(watch=2, silence=4, retry=0.05, longest_retry=0.2))
    server = bare_plane.processes["kube-apiserver"]
    server.kill()
    try:
        until(lambda: not cluster.ready())
        with pytest.raises(ClusterUnavailable, match=r"stale, last confirmed \d+ s ago: https://.* can't be reached: "):
            cluster.snapshot()
    finally:
        server.start()
        bare_plane.wait_for_api_server()
    until(cluster.ready)


def test_a_user_without_rights_is_told_which_rule_is_missing(watching: Watching) -> None:
    cluster = watching("alice", wait=False)
    until(lambda: all(status.error for status in cluster.statuses()))

    assert not cluster.ready()
    claims = next(status for status in cluster.statuses() if status.kind == CLAIM.name)
    assert str(claims) == (
        "PersistentVolumeClaim: not loaded yet: no right to list persistentvolumeclaims: "
        'a role needs apiGroups [""], resources ["persistentvolumeclaims"], verbs ["list"]'
    )
    with pytest.raises(ClusterUnavailable, match="not loaded yet: no right to list"):
        cluster.snapshot()


def test_the_age_of_each_kind_is_known(watching: Watching) -> None:
    ages = watching().ages()

    assert set(ages) == {kind.name for kind in WATCHED}
    assert all(0 <= age < 60 for age in ages.values())


def freshness_of(cluster: WatchedCluster, kind: Kind) -> Freshness:
    """Return how well a kind is known."""
    return next(status.freshness for status in cluster.statuses() if status.kind == kind.name)

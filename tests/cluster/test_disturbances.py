"""What a cluster does to a running service: none of the migrations that must be answered by us is lost by it."""

import base64
import datetime as dt
import os
import re
import signal
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from certs import stored
from certs.authority import new_authority, new_leaf
from certs.record import Record
from testbed.api import Object
from testbed.chart import NAMESPACE, RELEASE
from testbed.cluster.cluster import Cluster
from testbed.cluster.release import PODS, Release
from testbed.cluster.stage import Stage
from testbed.cluster.under_load import MUST_ANSWER, under_load
from testbed.waiting import until

SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
OURS = 'failed calling webhook "migration.validate.live-migration-webhook"'
"""How the API server begins what it refuses since we didn't answer."""
CUT_OFF = re.compile(r"connection reset by peer|EOF")
"""How Go tells that the other side ended while an answer was awaited; "refused" it says where nobody listens."""
PROPAGATION = 200
"""Seconds until kubelet has shown a changed Secret to every pod, and the pod has looked."""


@pytest.fixture
def strict(bare: Release) -> Iterator[Release]:
    """Return the release such that the API server refuses what we don't answer, installed unless it is."""
    if not bare.pods():
        bare.install(MUST_ANSWER)
    yield bare
    bare.wait()


def processes(pod: Object, words: str) -> list[int]:
    """Return the processes of a pod whose commands have these words, as numbered out here."""
    uid = pod["metadata"]["uid"]
    return [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if uid in _read(process / "cgroup") and words in _read(process / "cmdline").replace("\0", " ")
    ]


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


def served(pod: Object) -> str:
    """Return the certificate that a pod serves."""
    return ssl.get_server_certificate((pod["status"]["podIP"], 9443), timeout=5)


def certificates(release: Release) -> set[str]:
    """Return the certificates that the pods serve."""
    return {served(pod) for pod in release.pods()}


def test_a_drain_of_each_node_loses_nothing(cluster: Cluster, strict: Release, stage: Stage) -> None:
    with under_load(cluster, stage) as account:
        for node in cluster.nodes:
            drained = cluster.plane.kubectl(
                "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=100s"
            )
            cluster.plane.kubectl("uncordon", node)
            assert drained.returncode == 0, drained.stderr
            strict.wait()

    assert (account.lost, account.left_out) == ([], [])


def test_a_worker_that_is_killed_loses_what_it_was_answering_and_no_more(
    cluster: Cluster, strict: Release, stage: Stage
) -> None:
    """Gunicorn's master stays, holds the socket and starts another worker: nobody is turned away meanwhile."""
    with under_load(cluster, stage) as account:
        for pod in strict.pods():
            *_, worker = sorted(processes(pod, "serve"))
            os.kill(worker, signal.SIGKILL)

            def is_replaced(pod: Object = pod, worker: int = worker) -> bool:
                return len(processes(pod, "serve")) == 2 and worker not in processes(pod, "serve")

            until(is_replaced)

    assert [each for each in (*account.lost, *account.left_out) if not CUT_OFF.search(each)] == []


def test_a_container_that_is_killed_loses_what_it_was_asked_and_no_more(
    cluster: Cluster, strict: Release, stage: Stage
) -> None:
    """Its end is known to nobody in advance: until the next one listens, its address refuses what it is sent."""
    [pod, *_] = strict.pods()

    def is_back() -> bool:
        status = cluster.api.get(f"{PODS}/{pod['metadata']['name']}")["status"]["containerStatuses"][0]
        return bool(status["restartCount"] and status["ready"])

    with under_load(cluster, stage) as account:
        [master, *_] = sorted(processes(pod, "serve"))
        os.kill(master, signal.SIGKILL)
        until(is_back)
    with under_load(cluster, stage) as afterwards:
        pass

    print(f"container killed: of {account.sent}, {len(account.lost)} lost, {len(account.left_out)} without annotations")
    assert [each for each in account.lost if OURS not in each] == []
    assert (afterwards.lost, afterwards.left_out) == ([], [])


def test_a_leaf_that_is_renewed_under_load_loses_nothing(cluster: Cluster, strict: Release, stage: Stage) -> None:
    before = certificates(strict)
    with under_load(cluster, stage) as account:
        cluster.api.delete(f"{SECRETS}/{RELEASE}-tls")
        until(lambda: not before & certificates(strict), "the pods serve another leaf", seconds=PROPAGATION)

    assert (account.lost, account.left_out) == ([], [])


def test_an_authority_that_is_rotated_under_load_by_a_keeper_that_is_killed_again_and_again_loses_nothing(
    cluster: Cluster, bare: Release, stage: Stage
) -> None:
    """The kubelet's real propagation of Secrets; the keeper is killed whenever it has got a step further."""
    bare.uninstall()
    old = an_old_authority(cluster)
    slow = {"certificates": {"selfSigned": {"propagation": "10s", "settle": f"{PROPAGATION}s"}}}
    bare.install({**MUST_ANSWER, **slow})
    steps = [step(cluster)]
    with under_load(cluster, stage) as account:

        def is_done() -> bool:
            if (now := step(cluster)) != steps[-1]:
                steps.append(now)
                bare.kubectl("delete", "pods", "-l", "app.kubernetes.io/component=certs", "--grace-period=0", "--force")
            return now[0] != old and now[1] == 1

        until(is_done, "the new authority alone is trusted", seconds=3 * PROPAGATION)

    assert (account.lost, account.left_out) == ([], [])
    assert len(steps) > 2, steps


def an_old_authority(cluster: Cluster) -> str:
    """Put an authority there that is due for its rotation, with a leaf that isn't; return which one signs leaves."""
    now = dt.datetime.now(dt.UTC)
    past = now - dt.timedelta(days=600)
    authority = new_authority(now=past, life=dt.timedelta(days=730))
    names = [RELEASE, f"{RELEASE}.{NAMESPACE}", f"{RELEASE}.{NAMESPACE}.svc"]
    leaf = new_leaf(authority, [*names, f"{names[2]}.cluster.local"], now=now, life=dt.timedelta(days=90))
    contents = {
        "ca": (stored.authority_secret(Record(current=authority, since=past)), "Opaque"),
        "tls": (stored.leaf_secret(leaf, authority), "kubernetes.io/tls"),
    }
    for suffix, (content, kind) in contents.items():
        data = {key: value for key, value in content["data"].items() if value}
        metadata = {**content.get("metadata", {}), "name": f"{RELEASE}-{suffix}"}
        cluster.api.post(SECRETS, {"metadata": metadata, "type": kind, "data": data})
    return signed_by(cluster)


def step(cluster: Cluster) -> tuple[str, int]:
    """Return who has signed the stored leaf, and how many authorities are trusted."""
    path = f"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{RELEASE}"
    bundle = base64.b64decode(cluster.api.get(path)["webhooks"][0]["clientConfig"].get("caBundle", ""))
    return signed_by(cluster), bundle.count(b"BEGIN CERTIFICATE")


def signed_by(cluster: Cluster) -> str:
    """Return the issuer of the stored leaf, by its key."""
    leaf = base64.b64decode(cluster.api.get(f"{SECRETS}/{RELEASE}-tls")["data"]["tls.crt"])
    command = ["openssl", "x509", "-noout", "-ext", "authorityKeyIdentifier"]
    return subprocess.run(command, input=leaf, capture_output=True, check=True).stdout.decode()


def test_a_node_that_is_unplugged_loses_nothing(cluster: Cluster, bare: Release, stage: Stage) -> None:
    """Replicas are on two nodes. What waits for the one that is gone is judged by the other, at the second hook."""
    bare.uninstall()
    bare.install(MUST_ANSWER)
    name, node = next(iter(cluster.nodes.items()))
    with under_load(cluster, stage, least=100) as account:
        node.kill()
        until(lambda: not cluster.is_ready(name), "the node is given up", seconds=120)
    node.start()
    node.wait_until(lambda: cluster.is_ready(name))
    bare.wait()

    print(f"unplugged: of {account.sent}, {len(account.lost)} lost, {len(account.left_out)} without annotations")
    assert account.lost == []


def test_an_api_server_that_is_restarted_finds_us_again(cluster: Cluster, strict: Release, stage: Stage) -> None:
    """Who asks while it is away gets no answer; it has none of ours to lose."""
    assert strict.pods()
    api_server = cluster.plane.processes["kube-apiserver"]
    with under_load(cluster, stage, least=100) as account:
        api_server.stop(seconds=60)
        api_server.start()
        cluster.plane.wait_for_api_server()
    restart_who_gave_up(cluster)

    print(f"restarted: {account.left_out}")
    assert [each for each in account.lost if "webhook" in each] == []


def restart_who_gave_up(cluster: Cluster) -> None:
    """Start virt-controller again where it has lost its lease, which ends it: a Deployment would."""
    virt_controller = cluster.plane.processes["virt-controller"]
    if virt_controller.pid is None:
        virt_controller.start()

"""A control plane of these tests' own: nobody else asks its API server, so calls can be counted, and it may restart.

KubeVirt's kinds are there without KubeVirt: the tests write VMIs as they need them.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest

from testbed.api import Api as Admin
from testbed.control_plane import ControlPlane
from testbed.waiting import until
from webhook.kube.api import connect
from webhook.kube.reflector import Pace
from webhook.kube.watched import WATCHED, WatchedCluster
from webhook.state.kinds import KINDS, Kind

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
QUICK = Pace(retry=0.05, longest_retry=0.2, absent=0.2)

Watching = Callable[..., WatchedCluster]


def define(admin: Admin, kind: Kind) -> None:
    """Install a kind whose objects may say anything, and wait until it is served."""
    anything = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"plural": kind.plural, "singular": kind.name.lower(), "kind": kind.name}
    spec: dict[str, Any] = {
        "group": kind.group,
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "names": names,
        "versions": [{"name": kind.version, "served": True, "storage": True, "schema": anything}],
    }
    admin.post(DEFINITIONS, {"metadata": {"name": f"{kind.plural}.{kind.group}"}, "spec": spec})
    until(lambda: admin.exists(kind.path()))


def undefine(admin: Admin, kind: Kind) -> None:
    """Remove a kind with its objects, and wait until it isn't served any more."""
    admin.delete(f"{DEFINITIONS}/{kind.plural}.{kind.group}")
    until(lambda: not admin.exists(kind.path()))


@pytest.fixture(scope="session")
def bare_plane() -> Iterator[ControlPlane]:
    """Start the API server with the kinds of KubeVirt and nobody else."""
    with ControlPlane(kubevirt=False) as plane:
        for kind in KINDS:
            if kind.optional:
                define(plane.api(), kind)
        yield plane


@pytest.fixture
def admin(bare_plane: ControlPlane) -> Admin:
    """Return requests as a user who may do everything."""
    return bare_plane.api()


@pytest.fixture
def place(admin: Admin) -> str:
    """Make a namespace of the test's own."""
    name = f"place-{uuid4().hex[:8]}"
    admin.post("/api/v1/namespaces", {"metadata": {"name": name}})
    return name


@pytest.fixture
def watching(bare_plane: ControlPlane) -> Iterator[Watching]:
    """Watch the API server as a user; wait until everything is known, unless that is not expected."""
    with ExitStack() as stack:

        def watch(
            user: str = "admin", *, wait: bool = True, max_age: float = 180, pace: Pace = QUICK
        ) -> WatchedCluster:
            api = connect(str(bare_plane.kubeconfig(user)))
            cluster = WatchedCluster(api, WATCHED, max_age=max_age, pace=pace)
            stack.callback(cluster.stop)
            cluster.start()
            if wait:
                until(cluster.ready)
            return cluster

        yield watch

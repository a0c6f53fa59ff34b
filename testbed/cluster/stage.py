"""Virtual machines on a cluster whose nodes have no hypervisor: they are on two more nodes, which only stand there.

Pods that need a kubelet keep away from those nodes by their taint, which the virtual machines tolerate.
"""

import datetime as dt
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

from urllib3.exceptions import HTTPError

from testbed.api import Api, ApiError
from testbed.cluster.cluster import Cluster
from testbed.hypervisor import NODES, Hypervisor
from testbed.machines import BRIDGE, a_running_vm, apply, cpu_labels
from testbed.namespaces import create_namespace, remove_namespace

Object = dict[str, Any]

STAND_INS: Final = ("node-a", "node-b")
TAINT: Final = {"key": "stand-in", "effect": "NoSchedule"}
TOLERATION: Final = {"key": "stand-in", "operator": "Exists"}
LEASES: Final = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
BEAT: Final = 5
"""Seconds between two signs of life; a node is given up after 40."""
MODEL: Final = "Skylake-Server-IBRS"
MACHINES: Final = ("web", "stuck")
"""One that can move, and one that can't for its bridge."""


class Stage:
    """Two stand-in nodes, kept alive, and in one namespace a machine that can move and one that can't."""

    def __init__(self, cluster: Cluster, namespace: str, labels: Mapping[str, str] | None = None) -> None:
        self._api = cluster.api
        self._plane = cluster.plane
        self.namespace = namespace
        self._labels = labels
        self.hypervisor = Hypervisor(admin=self._api, virt_handler=self._plane.api("kubevirt-handler"))
        self._heart = Heart(self._api, STAND_INS)

    def __enter__(self) -> Self:
        self._heart.start()
        for name in STAND_INS:
            self.hypervisor.add_node(name, labels=cpu_labels(MODEL), taints=[TAINT])
            self._api.wait(f"{NODES}/{name}", _is_untainted)
        create_namespace(self._api, self.namespace, labels=self._labels)
        self.start("web")
        self.start("stuck", interface=BRIDGE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        remove_namespace(self._api, self.namespace)
        self.hypervisor.close()
        self._heart.stop()

    def start(self, name: str, **machine: Any) -> None:
        """Run a virtual machine."""
        created = apply(self._plane, self.namespace, a_running_vm(name, tolerations=[TOLERATION], **machine))
        assert "created" in created, created
        self.hypervisor.launch(self.namespace, name)


class Heart:
    """Renews the leases of nodes that have no kubelet, in a thread."""

    def __init__(self, api: Api, nodes: tuple[str, ...]) -> None:
        self._api = api
        self._nodes = nodes
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def start(self) -> None:
        """Give the first sign of life, and then one every few seconds."""
        for node in self._nodes:
            if not self._api.exists(f"{LEASES}/{node}"):
                self._api.post(LEASES, _lease(node))
        self._thread.start()

    def stop(self) -> None:
        """Let the nodes be given up."""
        self._stopped.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stopped.wait(BEAT):
            for node in self._nodes:
                try:
                    self._api.patch(f"{LEASES}/{node}", {"spec": _lease(node)["spec"]})
                except (ApiError, HTTPError):
                    # The API server is away for a moment; a test may have stopped it.
                    continue


def _lease(node: str) -> Object:
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = {"holderIdentity": node, "leaseDurationSeconds": 40, "renewTime": now}
    return {"metadata": {"name": node}, "spec": spec}


def _is_untainted(node: Object) -> bool:
    """Tell whether the controllers have found the node ready."""
    return all(taint["key"] == TAINT["key"] for taint in node["spec"].get("taints", []))

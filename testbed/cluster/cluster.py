"""The cluster as one thing: a control plane, nodes, their images and their DNS."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from testbed.api import Api, ApiError
from testbed.cluster import dns, network
from testbed.cluster.node import Node, node_name
from testbed.cluster.node_programs import SOCKET
from testbed.cluster.plane import ClusterPlane
from testbed.hypervisor import NODES
from testbed.processes import StartFailedError

Object = dict[str, Any]

PLACES: Final = (network.Place(number=1), network.Place(number=2))
RBAC: Final = "/apis/rbac.authorization.k8s.io/v1"


class Cluster:
    """Two nodes that run pods, and KubeVirt's control plane. Only in an enclosure."""

    def __init__(self, images: Mapping[str, Path]) -> None:
        """Take the images that the nodes have, as archives; nothing can be pulled."""
        self._images = images
        self.plane = ClusterPlane({node_name(place): place for place in PLACES})
        self.nodes: dict[str, Node] = {}
        """Nodes by name."""

    def start(self) -> Self:
        """Start everything; return when nodes and DNS are ready. On failure everything is stopped."""
        self.plane.start()
        try:
            self._grant()
            self._start_nodes()
            self._start_dns()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End everything at once."""
        for node in self.nodes.values():
            node.kill()
        self.plane.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def api(self) -> Api:
        """Requests as a user that may do everything."""
        return self.plane.api()

    def apply(self, objects: Iterable[Object]) -> None:
        """Apply objects with kubectl."""
        manifests = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        applied = self.plane.kubectl("apply", "--server-side", "-f", "-", stdin=manifests)
        if applied.returncode:
            raise StartFailedError(applied.stderr)

    def is_ready(self, name: str) -> bool:
        """Tell whether a node is ready."""
        try:
            conditions = self.api.get(f"{NODES}/{name}")["status"].get("conditions", [])
        except ApiError:
            return False
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    def wait_for_rollout(self, namespace: str, name: str, *, seconds: float = 120) -> None:
        """Return when a Deployment has all its pods, new and ready."""
        options = ["rollout", "status", f"deployment/{name}", f"--timeout={seconds:.0f}s"]
        waited = self.plane.kubectl(*options, namespace=namespace)
        if waited.returncode:
            pods = self.plane.kubectl("describe", "pods", namespace=namespace).stdout
            raise StartFailedError(f"{waited.stderr}\n{pods[-3000:]}")

    def _grant(self) -> None:
        """Let the API server ask kubelets for logs, and run commands in pods."""
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:kubelet-api-admin"}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "kubelet-client"}
        binding = {"metadata": {"name": "kubelet-client"}, "roleRef": role, "subjects": [subject]}
        self.api.post(f"{RBAC}/clusterrolebindings", binding)

    def _start_nodes(self) -> None:
        with ThreadPoolExecutor() as pool:
            for place in PLACES:
                others = [other for other in PLACES if other is not place]
                node = Node(site=self.plane.site, place=place, others=others)
                self.nodes[node.name] = node
                node.prepare()
                node.start()
            list(pool.map(self._complete, self.nodes.values()))

    def _complete(self, node: Node) -> None:
        """Wait for a node, and give it its images and the networks of its pods."""
        node.wait_until(lambda: self.is_ready(node.name))
        self.api.patch(f"{NODES}/{node.name}", {"spec": {"podCIDR": node.place.pods[0], "podCIDRs": node.place.pods}})
        for archive in self._images.values():
            command = node.run("ctr", f"--address={SOCKET}", "--namespace=k8s.io", "images", "import", archive)
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise StartFailedError(f"{' '.join(command)} failed: {done.stderr}")

    def _start_dns(self) -> None:
        self.apply(dns.manifests())
        self.wait_for_rollout(dns.NAMESPACE, dns.NAME)

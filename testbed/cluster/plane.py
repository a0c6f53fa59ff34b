"""The control plane of a cluster with nodes: it has service accounts, controllers, and a way to Services."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from testbed.cluster import network, node_programs
from testbed.control_plane import ControlPlane
from testbed.kubernetes_programs import kube_apiserver_flags, process
from testbed.processes import LOOPBACK, Process
from testbed.site import Site, prepare
from testbed.users import User

PORT: Final = 6443
"""Where API servers usually listen: network policies name it."""


class ClusterPlane(ControlPlane):
    """As `ControlPlane`, with everything that pods on nodes need of it."""

    def __init__(self, nodes: Mapping[str, network.Place], *, kubevirt: bool = True) -> None:
        """Take the names and places of the nodes, each of which is a user."""
        super().__init__(kubevirt=kubevirt)
        self._nodes = nodes

    @property
    def site(self) -> Site:
        """Where it lives."""
        return self._site

    def _prepare(self, folder: Path, programs: Mapping[str, Path]) -> Site:
        kubelets = {name: User(name=f"system:node:{name}", groups=("system:nodes",)) for name in self._nodes}
        others = {
            "kube-controller-manager": User(name="system:kube-controller-manager"),
            "kube-proxy": User(name="system:kube-proxy"),
            **kubelets,
        }
        [address, _] = network.CONTROL_PLANE
        return prepare(folder, programs, address=address, ports={"kube-apiserver": PORT}, others=others)

    def _start_kubernetes(self) -> None:
        super()._start_kubernetes()
        self._launch(_controller_manager(self._site))
        # The API server calls Services as pods do, from a machine that may be no node.
        folder = self._site.folder / "control-plane"
        folder.mkdir()
        command = node_programs.kube_proxy(self._site, "control-plane", folder)
        self._launch(Process(name="kube-proxy", command=command, folder=self._site.folder))

    def _api_server(self) -> Process:
        return process(self._site, "kube-apiserver", _api_server_flags(self._site))


def _api_server_flags(site: Site) -> dict[str, object]:
    """Return the flags of an API server for pods: service accounts, node rights, a published address, kubelets."""
    client = site.authority.issue("kubelet-client")
    flags = kube_apiserver_flags(site) | {
        "allow-privileged": "true",
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "endpoint-reconciler-type": "lease",
        "kubelet-client-certificate": client.certificate,
        "kubelet-client-key": client.key,
        "kubelet-preferred-address-types": "InternalIP",
        "service-cluster-ip-range": ",".join(network.SERVICES),
    }
    del flags["disable-admission-plugins"]
    return flags


def _controller_manager(site: Site) -> Process:
    flags = {
        "bind-address": LOOPBACK,
        "kubeconfig": site.kubeconfig("kube-controller-manager"),
        "authentication-kubeconfig": site.kubeconfig("kube-controller-manager"),
        "authorization-kubeconfig": site.kubeconfig("kube-controller-manager"),
        "cert-dir": site.folder / "kube-controller-manager",
        # Five minutes otherwise.
        "horizontal-pod-autoscaler-downscale-stabilization": "30s",
        "leader-elect": "false",
        "root-ca-file": site.authority.pair.certificate,
        "service-account-private-key-file": site.authority.pair.key.with_name("service-accounts.key"),
        "use-service-account-credentials": "true",
    }
    return process(site, "kube-controller-manager", flags)

"""How containerd, kubelet and kube-proxy of a node are started."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from testbed.cluster import network
from testbed.site import Site

SOCKET: Final = "/run/containerd/containerd.sock"
"""Where containerd listens: each node has a /run of its own."""

PAUSE: Final = "cluster.local/pause:1"
"""Image of the container that holds a pod's namespaces."""

PLUGINS: Final = "/usr/lib/cni"
"""Where Debian has the network plugins."""

UNTRACKED: Final = {
    "maxPerCore": 0,
    "min": 0,
    "tcpEstablishedTimeout": "0s",
    "tcpCloseWaitTimeout": "0s",
    "udpTimeout": "0s",
    "udpStreamTimeout": "0s",
}
"""Let kube-proxy leave the kernel's connection tracking as it is."""

CONTAINERD: Final = """\
version = 2
[grpc]
  address = "{socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def commands(site: Site, name: str, place: network.Place, folder: Path, group: str) -> dict[str, Sequence[str]]:
    """Write the configurations; return the commands in the order in which they are started."""
    return {
        "containerd": _containerd(place, folder),
        "kube-proxy": kube_proxy(site, name, folder),
        "kubelet": _kubelet(site, name, place, folder, group),
    }


def kube_proxy(site: Site, name: str, folder: Path) -> list[str]:
    """Return the kube-proxy of a node, or of the control plane."""
    configuration = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(site.kubeconfig("kube-proxy"))},
        "hostnameOverride": name,
        "mode": "nftables",
        "clusterCIDR": ",".join(network.PODS),
        "conntrack": UNTRACKED,
    }
    return [str(site.programs["kube-proxy"]), f"--config={_write(folder / 'kube-proxy.json', configuration)}"]


def _containerd(place: network.Place, folder: Path) -> list[str]:
    """Return containerd with the pods' network: a bridge in the node, addresses from its part of the pods' network."""
    (folder / "cni").mkdir()
    bridge = {
        "type": "bridge",
        "bridge": "pods",
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": pods}] for pods in place.pods],
            "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}],
        },
    }
    _write(folder / "cni" / "pods.conflist", {"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge]})
    configuration = folder / "containerd.toml"
    configuration.write_text(CONTAINERD.format(folder=folder, socket=SOCKET, pause=PAUSE, plugins=PLUGINS))
    return ["containerd", f"--config={configuration}"]


def _kubelet(site: Site, name: str, place: network.Place, folder: Path, group: str) -> list[str]:
    (folder / "resolv.conf").touch()
    configuration = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(site.authority.pair.certificate)},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{group}",
        "clusterDNS": [network.DNS],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "evictionHard": {"memory.available": "0%", "nodefs.available": "0%", "imagefs.available": "0%"},
        "failCgroupV1": False,
        "failSwapOn": False,
        # An image that was imported can't be pulled again.
        "imageGCHighThresholdPercent": 100,
        "resolvConf": str(folder / "resolv.conf"),
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
    }
    flags = {
        "config": _write(folder / "kubelet.json", configuration),
        "kubeconfig": site.kubeconfig(name),
        "hostname-override": name,
        "node-ip": ",".join(place.addresses),
    }
    return [str(site.programs["kubelet"]), *(f"--{flag}={value}" for flag, value in flags.items())]


def _write(file: Path, configuration: Any) -> Path:
    file.write_text(json.dumps(configuration, indent=2))
    return file

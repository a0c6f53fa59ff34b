"""Other people's software that the chart works with on a cluster: metrics-server, kube-router, cert-manager."""

from collections.abc import Iterator
from typing import Any, Final

import yaml

from testbed import build
from testbed.cluster.cluster import Cluster
from testbed.cluster.node import Node
from testbed.processes import Process

Object = dict[str, Any]

MODULES: Final = (build.METRICS_SERVER, build.KUBE_ROUTER, build.CERT_MANAGER)
IMAGES: Final = {
    f"cluster.local/{program}:1": program
    for program in ("metrics-server", "cert-manager-controller", "cert-manager-cainjector")
}
"""Image -> the program in it."""

METRICS: Final = "/apis/metrics.k8s.io/v1beta1"
CERT_MANAGER: Final = "cert-manager"
GROUPS: Final = "/apis/cert-manager.io/v1"


def start_metrics_server(cluster: Cluster) -> None:
    """Start metrics-server from its own manifests; return when it answers."""
    cluster.apply(_metrics_server())
    cluster.wait_for_rollout("kube-system", "metrics-server")
    cluster.api.wait(f"{METRICS}/pods", lambda pods: bool(pods["items"]), seconds=120)


def _metrics_server() -> Iterator[Object]:
    labels = {"k8s-app": "metrics-server"}
    for file in sorted((build.METRICS_SERVER.source() / "manifests" / "base").glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            if not document or document["kind"] == "Kustomization":
                continue
            if document["kind"] == "Service":
                document["spec"]["selector"] = labels
            if document["kind"] == "Deployment":
                _adapt(document["spec"], labels)
            yield document


def _adapt(spec: Object, labels: Object) -> None:
    """Give a Deployment the labels that its kustomization would, our image, and trust in kubelets' own certificates."""
    [container] = spec["template"]["spec"]["containers"]
    container |= {"image": "cluster.local/metrics-server:1", "imagePullPolicy": "Never"}
    container["args"].append("--kubelet-insecure-tls")
    spec["selector"] = {"matchLabels": labels}
    spec["template"]["metadata"] = {"labels": labels}


def kube_router(cluster: Cluster, node: Node) -> Process:
    """Return what enforces network policies on a node, as a process in the node's namespaces."""
    program = build.build(build.KUBE_ROUTER)["kube-router"]
    flags = {
        "run-firewall": "true",
        "run-router": "false",
        "run-service-proxy": "false",
        "run-loadbalancer": "false",
        "enable-cni": "false",
        "kubeconfig": cluster.plane.kubeconfig(),
        "hostname-override": node.name,
        "iptables-sync-period": "5s",
    }
    command = node.run(program, *(f"--{flag}={value}" for flag, value in flags.items()))
    return Process(name=f"kube-router-{node.name}", command=command, folder=cluster.plane.folder)


def start_cert_manager(cluster: Cluster) -> None:
    """Start cert-manager's controller and CA injector, with its own definitions; return when both are ready."""
    metadata = {"name": CERT_MANAGER}
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": CERT_MANAGER}
    group = "rbac.authorization.k8s.io"
    role = {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"}
    binding = {"apiVersion": f"{group}/v1", "kind": "ClusterRoleBinding", "roleRef": role, "subjects": [subject]}
    cluster.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}])
    cluster.apply([*_definitions(), {**binding, "metadata": metadata}])
    cluster.api.wait(f"{GROUPS}/certificates", lambda _: True)
    for program in ("cert-manager-controller", "cert-manager-cainjector"):
        cluster.apply([_deployment(program)])
        cluster.wait_for_rollout(CERT_MANAGER, program)


def _definitions() -> Iterator[Object]:
    """Yield cert-manager's definitions, without what its own chart would fill in: labels."""
    for file in sorted((build.CERT_MANAGER.source() / "deploy" / "crds").glob("*.yaml")):
        yield yaml.load("\n".join(line for line in file.read_text().splitlines() if "{{" not in line), yaml.CSafeLoader)


def _deployment(program: str) -> Object:
    container = {
        "name": program,
        "image": f"cluster.local/{program}:1",
        "imagePullPolicy": "Never",
        "args": [f"--leader-election-namespace={CERT_MANAGER}"],
        "env": [{"name": "POD_NAMESPACE", "value": CERT_MANAGER}],
    }
    labels = {"app": program}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": program, "namespace": CERT_MANAGER},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }

"""How etcd, kube-apiserver and kube-scheduler are started."""

import json
from collections.abc import Mapping
from typing import Final

from testbed.processes import LOOPBACK, Process
from testbed.site import Site

SERVICES: Final = "10.0.0.0/24"
"""Addresses of Services."""
SERVICE_ADDRESS: Final = "10.0.0.1"
"""The first of them: that of the API server itself."""


def etcd(site: Site) -> Process:
    """Return etcd with its data in the site's folder, without waiting for the disk."""
    client, peer = (f"http://{LOOPBACK}:{site.ports[name]}" for name in ("etcd", "etcd-peers"))
    flags = {
        "data-dir": site.folder / "etcd",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
        "unsafe-no-fsync": "true",
        "log-level": "warn",
    }
    return process(site, "etcd", flags)


def kube_apiserver(site: Site) -> Process:
    """Return the API server as it is for a cluster in which nothing in a pod runs."""
    return process(site, "kube-apiserver", kube_apiserver_flags(site))


def kube_apiserver_flags(site: Site) -> dict[str, object]:
    """Return the API server's flags: RBAC, users by token, and the request-header authority that virt-api reads."""
    names = ("localhost", LOOPBACK, site.address, SERVICE_ADDRESS, "kubernetes.default.svc")
    serving = site.authority.issue("kube-apiserver", *dict.fromkeys(names))
    signing = site.authority.issue("service-accounts")
    proxy = site.authority.issue("front-proxy-client")
    authority = site.authority.pair.certificate
    return {
        "etcd-servers": f"http://{LOOPBACK}:{site.ports['etcd']}",
        "bind-address": site.address,
        "advertise-address": site.address,
        "secure-port": site.ports["kube-apiserver"],
        "tls-cert-file": serving.certificate,
        "tls-private-key-file": serving.key,
        "client-ca-file": authority,
        "token-auth-file": site.tokens,
        "authorization-mode": "RBAC",
        # Its controller isn't here, and nothing in a pod runs.
        # The second one taints new nodes, and a controller that isn't here takes the taint back.
        "disable-admission-plugins": "ServiceAccount,TaintNodesByCondition",
        # There is no Service to publish the address under.
        "endpoint-reconciler-type": "none",
        "service-cluster-ip-range": SERVICES,
        "service-account-key-file": signing.certificate,
        "service-account-signing-key-file": signing.key,
        "service-account-issuer": "https://kubernetes.default.svc",
        "requestheader-client-ca-file": authority,
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-username-headers": "X-Remote-User",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "proxy-client-cert-file": proxy.certificate,
        "proxy-client-key-file": proxy.key,
    }


def kube_scheduler(site: Site) -> Process:
    """Return the scheduler with its default profile."""
    kubeconfig = site.kubeconfig("scheduler")
    configuration = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "leaderElection": {"leaderElect": False},
    }
    file = site.folder / "kube-scheduler.json"
    file.write_text(json.dumps(configuration))
    flags = {
        "config": file,
        "bind-address": LOOPBACK,
        "secure-port": site.ports["kube-scheduler"],
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
        "cert-dir": site.folder / "kube-scheduler",
    }
    return process(site, "kube-scheduler", flags)


def process(site: Site, name: str, flags: Mapping[str, object]) -> Process:
    """Return the program of that name with its flags; its log is in the site's folder."""
    arguments = [f"--{flag}={value}" for flag, value in flags.items()]
    return Process(name=name, command=[site.programs[name], *arguments], folder=site.folder)

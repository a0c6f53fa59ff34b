"""How virt-api and virt-controller are started."""

from testbed.kubernetes_programs import process
from testbed.processes import LOOPBACK, Process
from testbed.site import Site

NAMESPACE = "kubevirt"
"""Where KubeVirt and its CR are."""

SERVICE = "virt-api"
"""The Service by which the API server knows virt-api."""


def virt_api(site: Site) -> Process:
    """Return virt-api, which serves KubeVirt's own admission webhooks."""
    serving = site.authority.issue("virt-api", f"{SERVICE}.{NAMESPACE}.svc", "localhost", LOOPBACK)
    flags = {
        **_common(site, "virt-api", "kubevirt-apiserver"),
        "tls-cert-file": serving.certificate,
        "tls-key-file": serving.key,
        "handler-cert-file": serving.certificate,
        "handler-key-file": serving.key,
    }
    return process(site, "virt-api", flags)


def virt_controller(site: Site) -> Process:
    """Return virt-controller, which makes VMIs, virt-launcher pods and migration targets."""
    flags = {
        **_common(site, "virt-controller", "kubevirt-controller"),
        "launcher-image": "virt-launcher",
        "exporter-image": "virt-exportserver",
    }
    return process(site, "virt-controller", flags)


def _common(site: Site, name: str, user: str) -> dict[str, object]:
    return {"kubeconfig": site.kubeconfig(user), "listen": LOOPBACK, "port": site.ports[name]}

"""The KubeVirt custom resource: what holds for all virtual machines of the cluster."""

from dataclasses import dataclass

from webhook.objects.fields import Fields
from webhook.objects.metadata import Metadata, read_metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeVirt:
    """KubeVirt's configuration; `default_interface` is the binding of a VM that lists no interface."""

    metadata: Metadata
    default_interface: str = "bridge"
    cpu_model: str = ""
    version: str = ""


def read_kubevirt(document: Fields) -> KubeVirt:
    """Read the KubeVirt custom resource; what it leaves open has KubeVirt's default."""
    configuration = document.object("spec").object("configuration")
    return KubeVirt(
        metadata=read_metadata(document),
        default_interface=configuration.object("network").text("defaultNetworkInterface") or "bridge",
        cpu_model=configuration.text("cpuModel"),
        version=document.object("status").text("observedKubeVirtVersion"),
    )

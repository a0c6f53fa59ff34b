"""The two documented remedies for CPUs that nodes don't share: a model for the whole cluster, or for one VM.

Where another operator writes the KubeVirt resource, it takes back what others change there: the remedy names its own.
Source: the live-migration page, "Limitation".
"""

import re
from typing import Final

from webhook.engine.kubectl import patch_command
from webhook.engine.wording import named
from webhook.objects.kubevirt import KubeVirt
from webhook.objects.labels import MANAGED_BY, MODEL
from webhook.objects.metadata import Metadata
from webhook.state.nodes import NodeSet, NodeTable

HYPERCONVERGED: Final = "kubevirt-hyperconverged"
"""The name of the only resource that the HyperConverged operator takes orders from."""
_MODEL_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,63}")


def shared_models(nodes: NodeTable) -> list[tuple[str, NodeSet]]:
    """Return the CPU models that can be chosen and the nodes that have them; the most common first."""
    models = ((model, nodes.labelled(MODEL + model, "true")) for model in nodes.keys(MODEL))
    choosable = [(model, having) for model, having in models if _MODEL_NAME.fullmatch(model) and having]
    return sorted(choosable, key=lambda model: (-model[1].bit_count(), model[0]))


def cluster_setting(kubevirt: KubeVirt | None) -> str:
    """Name the field that sets the model of every VM that doesn't choose one, where whoever owns it keeps it."""
    metadata = kubevirt.metadata if kubevirt else None
    if metadata and _is_hyperconverged(metadata):
        return "spec.defaultCPUModel of the HyperConverged resource"
    if metadata and metadata.owner:
        owner = f"{named(metadata.owner.kind)} {named(metadata.owner.name)}"
        return f"cpuModel in {owner}, which writes the KubeVirt resource"
    return "spec.configuration.cpuModel of the KubeVirt resource"


def cluster_command(kubevirt: KubeVirt | None, model: str) -> str:
    """Return the command that sets it; "" where another operator than HyperConverged writes the KubeVirt resource."""
    if kubevirt is None:
        return _of_kubevirt("kubevirt", "kubevirt", model)
    metadata = kubevirt.metadata
    if _is_hyperconverged(metadata):
        change = {"spec": {"defaultCPUModel": model}}
        name = metadata.owner.name if metadata.owner else HYPERCONVERGED
        return patch_command("hyperconvergeds.hco.kubevirt.io", metadata.namespace, name, change)
    return "" if metadata.owner else _of_kubevirt(metadata.namespace, metadata.name, model)


def _of_kubevirt(namespace: str, name: str, model: str) -> str:
    return patch_command("kubevirts.kubevirt.io", namespace, name, {"spec": {"configuration": {"cpuModel": model}}})


def _is_hyperconverged(metadata: Metadata) -> bool:
    """Tell whether the HyperConverged operator writes the resource and takes other changes back."""
    owned = metadata.owner is not None and metadata.owner.kind == "HyperConverged"
    return owned or metadata.labels.get(MANAGED_BY) == "hco-operator" or metadata.labels.get("app") == HYPERCONVERGED


def vm_command(namespace: str, name: str, model: str) -> str:
    """Return the command that sets the model of one VM."""
    change = {"spec": {"template": {"spec": {"domain": {"cpu": {"model": model}}}}}}
    return patch_command("virtualmachines.kubevirt.io", namespace, name, change)

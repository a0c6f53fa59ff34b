"""The two documented remedies for CPUs that nodes don't share: a model for the whole cluster, or for one VM.

Where another operator writes the KubeVirt resource, it takes back what others change there: the remedy names its own.
Source: the live-migration page, "Limitation".
"""

import re
from typing import Final

from webhook.engine.kubectl import patch_command
from webhook.engine.wording import named, quoted
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


def for_the_cluster(kubevirt: KubeVirt | None, model: str) -> str:
    """Say how to set the model of every VM that doesn't choose one, where whoever owns the setting keeps it."""
    if command := cluster_command(kubevirt, model):
        return f"For the cluster: `{command}`"
    owner = kubevirt.metadata.owner if kubevirt else None
    name = f"{named(owner.kind)} {named(owner.name)}" if owner else "its owner"
    return f"For the cluster: set cpuModel {quoted(model)} in {name}, which writes the KubeVirt resource"


def cluster_command(kubevirt: KubeVirt | None, model: str) -> str:
    """Return the command that does; "" where another operator than HyperConverged writes the KubeVirt resource."""
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

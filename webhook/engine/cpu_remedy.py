"""The two documented remedies for CPUs that nodes don't share: a model for the whole cluster, or for one VM.

Source: the live-migration page, "Limitation".
"""

import re
from typing import Final

from webhook.engine.kubectl import patch_command
from webhook.objects.kubevirt import KubeVirt
from webhook.objects.labels import MODEL
from webhook.state.nodes import NodeSet, NodeTable

_MODEL_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,63}")


def shared_models(nodes: NodeTable) -> list[tuple[str, NodeSet]]:
    """Return the CPU models that can be chosen and the nodes that have them; the most common first."""
    models = ((model, nodes.labelled(MODEL + model, "true")) for model in nodes.keys(MODEL))
    choosable = [(model, having) for model, having in models if _MODEL_NAME.fullmatch(model) and having]
    return sorted(choosable, key=lambda model: (-model[1].bit_count(), model[0]))


def cluster_command(kubevirt: KubeVirt | None, model: str) -> str:
    """Return the command that sets the model of every VM that doesn't choose one."""
    name, namespace = (kubevirt.metadata.name, kubevirt.metadata.namespace) if kubevirt else ("kubevirt", "kubevirt")
    return patch_command("kubevirts.kubevirt.io", namespace, name, {"spec": {"configuration": {"cpuModel": model}}})


def vm_command(namespace: str, name: str, model: str) -> str:
    """Return the command that sets the model of one VM."""
    change = {"spec": {"template": {"spec": {"domain": {"cpu": {"model": model}}}}}}
    return patch_command("virtualmachines.kubevirt.io", namespace, name, change)

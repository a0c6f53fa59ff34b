"""The two documented remedies for CPUs that nodes don't share: a model for the whole cluster, or for one VM.

Source: the live-migration page, "Limitation".
"""

import re
from json import dumps
from shlex import quote
from typing import Final

from webhook.cluster.nodes import NodeSet, NodeTable
from webhook.cpu_model import MODEL
from webhook.objects.kubevirt import KubeVirt
from webhook.wording import named

_MODEL_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,63}")


def shared_models(nodes: NodeTable) -> list[tuple[str, NodeSet]]:
    """Return the CPU models that can be chosen and the nodes that have them; the most common first."""
    models = ((model, nodes.labelled(MODEL + model, "true")) for model in nodes.keys(MODEL))
    choosable = [(model, having) for model, having in models if _MODEL_NAME.fullmatch(model) and having]
    return sorted(choosable, key=lambda model: (-model[1].bit_count(), model[0]))


def cluster_command(kubevirt: KubeVirt | None, model: str) -> str:
    """Return the command that sets the model of every VM that doesn't choose one."""
    name, namespace = (kubevirt.metadata.name, kubevirt.metadata.namespace) if kubevirt else ("kubevirt", "kubevirt")
    return _patch("kubevirts.kubevirt.io", name, namespace, {"spec": {"configuration": {"cpuModel": model}}})


def vm_command(namespace: str, name: str, model: str) -> str:
    """Return the command that sets the model of one VM."""
    change = {"spec": {"template": {"spec": {"domain": {"cpu": {"model": model}}}}}}
    return _patch("virtualmachines.kubevirt.io", name, namespace, change)


def _patch(resource: str, name: str, namespace: str, change: object) -> str:
    """Return a command that can be pasted."""
    patch = dumps(change, separators=(",", ":"))
    return f"kubectl patch {resource} {quote(named(name))} -n {quote(named(namespace))} --type merge -p {quote(patch)}"

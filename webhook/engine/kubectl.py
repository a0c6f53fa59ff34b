"""Commands that mend something, ready to be pasted into a shell."""

from collections.abc import Mapping
from json import dumps
from shlex import quote
from typing import Any

from webhook.engine.wording import printable


def patch_command(resource: str, namespace: str, name: str, change: Mapping[str, Any]) -> str:
    """Return the command that merges a change into an object."""
    patch = dumps(change, separators=(",", ":"))
    return f"kubectl patch {resource} {_place(namespace, name)} --type merge -p {quote(patch)}"


def edit_command(namespace: str, name: str) -> str:
    """Return the command that opens a VM in an editor."""
    return f"kubectl edit virtualmachines.kubevirt.io {_place(namespace, name)}"


def restart_command(namespace: str, name: str) -> str:
    """Return the command that shuts a VM down and starts it again."""
    return f"virtctl restart {_place(namespace, name)}"


def _place(namespace: str, name: str) -> str:
    return f"{quote(printable(name))} -n {quote(printable(namespace))}"

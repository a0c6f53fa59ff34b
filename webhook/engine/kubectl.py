"""Commands that mend something, ready to be pasted into a shell."""

from collections.abc import Mapping
from json import dumps
from shlex import quote
from typing import Any

from webhook.engine.wording import named


def patch_command(resource: str, namespace: str, name: str, change: Mapping[str, Any], *, user: str = "") -> str:
    """Return the command that merges a change into an object; as another user, where `user` is given."""
    patch = dumps(change, separators=(",", ":"))
    impersonated = f" --as={quote(named(user))}" if user else ""
    place = f"{quote(named(name))} -n {quote(named(namespace))}"
    return f"kubectl patch {resource} {place}{impersonated} --type merge -p {quote(patch)}"

"""The objects that certificates are kept in, as the API server has them."""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from certs.configurations import ConfigurationName
from webhook.kube.api import Api, Document
from webhook.kube.resources import SECRET, WEBHOOK_CONFIGURATIONS

DEADLINE: Final = 5.0
"""Seconds for one request."""


class Objects(Struct, frozen=True, kw_only=True):
    """Webhook configurations, the Secret of the leaf and that of the authorities; None for what is missing."""

    configurations: Mapping[ConfigurationName, Document | None]
    leaf: Document | None
    authority: Document | None


def read_objects(api: Api, *, namespace: str, name: str, configurations: Iterable[ConfigurationName]) -> Objects:
    """Read everything, the authorities last. Raises ApiError.

    The order makes a pause between any two requests harmless. A bundle or a leaf is written only if its object has not
    changed since it was read, and the authorities that it is made of were read after it.
    """
    found = {
        each: api.find(WEBHOOK_CONFIGURATIONS[each.phase], "", each.name, timeout=DEADLINE) for each in configurations
    }
    leaf = api.find(SECRET, namespace, leaf_name(name), timeout=DEADLINE)
    authority = api.find(SECRET, namespace, authority_name(name), timeout=DEADLINE)
    return Objects(configurations=found, leaf=leaf, authority=authority)


def leaf_name(name: str) -> str:
    """Return the name of the Secret with the leaf, which pods mount."""
    return f"{name}-tls"


def authority_name(name: str) -> str:
    """Return the name of the Secret with the authorities, which no pod mounts."""
    return f"{name}-ca"

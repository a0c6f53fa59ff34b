"""The webhook configurations: what they trust, and the patch that changes nothing but that.

A JSON patch, not server-side apply: whoever applies a webhook's `caBundle` also owns that webhook's place in the list,
and a GitOps tool that later drops the webhook is refused ("sideEffects: Required value"). A JSON patch owns the one
field. It tests the name at each place, for places move, and carries the resourceVersion it was made for.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from certs.bundle import Certificates, ca_bundle, read_bundle


class ConfigurationName(Struct, frozen=True, kw_only=True, order=True):
    """Names a webhook configuration: `validating/NAME` or `mutating/NAME`."""

    phase: str
    name: str

    def __str__(self) -> str:
        return f"{self.phase}/{self.name}"


class Webhook(Struct, frozen=True, kw_only=True):
    """One entry: its name, the bundle it trusts (PEM) and the server name the API server asks for."""

    name: str
    bundle: bytes
    server_name: str


class Configuration(Struct, frozen=True, kw_only=True):
    """A webhook configuration as read from the API server."""

    name: ConfigurationName
    version: str
    webhooks: tuple[Webhook, ...]

    @property
    def authorities(self) -> Certificates:
        """What any of its webhooks trusts."""
        return tuple(certificate for webhook in self.webhooks for certificate in read_bundle(webhook.bundle))

    def trusts(self, bundle: bytes) -> bool:
        """Whether every webhook trusts exactly this bundle."""
        return all(webhook.bundle == bundle for webhook in self.webhooks)

    def patch(self, bundle: bytes) -> list[dict[str, Any]]:
        """Return the JSON patch that makes every webhook trust the bundle; refused when the object has changed."""
        operations = [{"op": "replace", "path": "/metadata/resourceVersion", "value": self.version}]
        for place, webhook in enumerate(self.webhooks):
            if webhook.bundle != bundle:
                path = f"/webhooks/{place}"
                operations += [
                    {"op": "test", "path": f"{path}/name", "value": webhook.name},
                    {"op": "add", "path": f"{path}/clientConfig/caBundle", "value": ca_bundle(bundle)},
                ]
        return operations


def read_configuration(name: ConfigurationName, found: Mapping[str, Any]) -> Configuration:
    """Read a webhook configuration from the API server's JSON."""
    webhooks: Sequence[Mapping[str, Any]] = found.get("webhooks") or ()
    return Configuration(
        name=name,
        version=found["metadata"]["resourceVersion"],
        webhooks=tuple(_webhook(webhook) for webhook in webhooks),
    )


def _webhook(webhook: Mapping[str, Any]) -> Webhook:
    client = webhook.get("clientConfig") or {}
    service = client.get("service") or {}
    host = f"{service['name']}.{service['namespace']}.svc" if service else _host(client.get("url") or "")
    return Webhook(name=webhook["name"], bundle=_decoded(client.get("caBundle") or ""), server_name=host)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""

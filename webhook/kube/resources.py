"""Resources that no rule reads: Events, Secrets, webhook configurations."""

from collections.abc import Mapping
from typing import Final

from webhook.state.resource import Resource

_REGISTRATION: Final = "admissionregistration.k8s.io"

EVENT: Final = Resource(name="Event", group="", version="v1", plural="events", namespaced=True)
SECRET: Final = Resource(name="Secret", group="", version="v1", plural="secrets", namespaced=True)
WEBHOOK_CONFIGURATIONS: Final[Mapping[str, Resource]] = {
    "validating": Resource(
        name="ValidatingWebhookConfiguration", group=_REGISTRATION, version="v1",
        plural="validatingwebhookconfigurations", namespaced=False,
    ),
    "mutating": Resource(
        name="MutatingWebhookConfiguration", group=_REGISTRATION, version="v1",
        plural="mutatingwebhookconfigurations", namespaced=False,
    ),
}  # fmt: skip
"""By the phase of admission that they configure."""

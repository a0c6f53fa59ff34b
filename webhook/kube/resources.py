"""What no rule reads: Events, and the objects that hold certificates and those who trust them."""

from typing import Final

from webhook.state.resource import Resource

_REGISTRATION: Final = "admissionregistration.k8s.io"

EVENT: Final = Resource(name="Event", group="", version="v1", plural="events", namespaced=True)
SECRET: Final = Resource(name="Secret", group="", version="v1", plural="secrets", namespaced=True)
VALIDATING: Final = Resource(
    name="ValidatingWebhookConfiguration", group=_REGISTRATION, version="v1",
    plural="validatingwebhookconfigurations", namespaced=False,
)  # fmt: skip
MUTATING: Final = Resource(
    name="MutatingWebhookConfiguration", group=_REGISTRATION, version="v1",
    plural="mutatingwebhookconfigurations", namespaced=False,
)  # fmt: skip

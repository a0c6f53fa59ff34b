"""What the handler itself answers to the reviews that tests send: a server has to pass it on as it is."""

from typing import Final

from testbed.serving import BODY, CLUSTER, MIGRATIONS, REFUSED_BODY
from webhook.admission.hooks import BY_PATH
from webhook.engine.policy import Policy
from webhook.server.answer import Service, answer
from webhook.state.manifests import Manifests
from webhook.state.snapshot import snapshot_of


def answered(body: bytes) -> bytes:
    """Return the answer to a migration, without any server."""
    service = Service(cluster=Manifests(snapshot_of(CLUSTER)), policy=Policy(), request_timeout=5)
    return answer(service, BY_PATH[MIGRATIONS], body).body


ALLOWED: Final = answered(BODY)
REFUSED: Final = answered(REFUSED_BODY)

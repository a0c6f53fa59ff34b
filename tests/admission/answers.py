"""What reviews are answered with, without any server: a server has to pass it on as it is."""

import asyncio
from typing import Final

from testbed.serving import BODY, CLUSTER, MIGRATIONS, REFUSED_BODY
from webhook.admission.hooks import BY_PATH, Hook
from webhook.admission.reviewer import Outcome, Reviewer
from webhook.engine.assessment import Rules
from webhook.kube.source import Cluster
from webhook.state.manifests import Manifests
from webhook.state.snapshot import snapshot_of


def reviewed(cluster: Cluster, hook: Hook, body: bytes, timeout: float = 5) -> Outcome:
    """Let a hook review what is in a body."""
    return asyncio.run(Reviewer(cluster=cluster, rules=Rules()).review(hook, body, timeout))


def answered(body: bytes) -> bytes:
    """Return the answer to a migration in the tests' cluster."""
    return reviewed(Manifests(snapshot_of(CLUSTER)), BY_PATH[MIGRATIONS], body).answer


ALLOWED: Final = answered(BODY)
REFUSED: Final = answered(REFUSED_BODY)

"""Asking the admission port's endpoints, without a socket."""

import asyncio

from webhook.admission.reviewer import Reviewer
from webhook.engine.assessment import Rules
from webhook.engine.policy import Policy
from webhook.kube.source import Cluster
from webhook.server.endpoints import Endpoints
from webhook.server.http1 import Request, Response
from webhook.server.pages import Pages, admission_pages
from webhook.server.record import record

TIMEOUT = 5.0
"""Seconds for a request that doesn't say how many."""


def posted(cluster: Cluster, path: str, body: bytes, *, query: str = "", policy: Policy | None = None) -> Response:
    """Post a review to an endpoint."""
    endpoints = Endpoints(
        reviewer=Reviewer(cluster=cluster, rules=Rules(policy=policy or Policy())),
        timeout=TIMEOUT,
        record=record,
        pages=Pages(admission_pages()),
    )
    headers = {b"content-type": b"application/json"}
    return asyncio.run(endpoints.respond(Request("POST", path, query, headers, body, keep_alive=True)))

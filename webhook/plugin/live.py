"""The API server for the commands that change something."""

from collections.abc import Iterator
from contextlib import contextmanager

from webhook.kube.api import Api, connect
from webhook.plugin.failure import AGENT, Failure, reaching
from webhook.plugin.output import warn
from webhook.settings.settings import Settings


@contextmanager
def api_server(settings: Settings, namespace: str) -> Iterator[tuple[Api, str]]:
    """Give the API server and the namespace that is meant; a refusal ends the command.

    Raises:
        Failure: for manifests in place of an API server, and for each refusal.
    """
    if settings.cluster:
        raise Failure("this needs an API server: leave out --cluster")
    with reaching():
        api = connect(settings.kubeconfig, settings.context, agent=AGENT, warn=warn)
        yield api, namespace or api.namespace

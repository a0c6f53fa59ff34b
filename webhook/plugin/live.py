"""The API server for the commands that change something."""

from collections.abc import Iterator
from contextlib import contextmanager

from webhook.kube.api import Api
from webhook.plugin.access import Access
from webhook.plugin.choosing import key_of
from webhook.plugin.failure import reaching


@contextmanager
def api_server(access: Access, vm: str, namespace: str) -> Iterator[tuple[Api, str, str]]:
    """Give the API server, and namespace and name of the VM that is meant; a refusal ends the command.

    Raises:
        Failure: for manifests in place of an API server, and for each refusal.
    """
    api = access.api_server()
    with reaching():
        yield api, *key_of(vm, namespace or api.namespace)

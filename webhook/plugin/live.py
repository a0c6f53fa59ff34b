"""The API server for the commands that change something, and its refusals as failures."""

from collections.abc import Iterator
from contextlib import contextmanager

from webhook.kube.api import Api, connect
from webhook.kube.credentials import NoCredentials, credentials
from webhook.kube.refusals import ApiError, KindMissing, Rejected
from webhook.plugin.failure import Exit, Failure, not_reached
from webhook.plugin.opening import DEFAULT_NAMESPACE
from webhook.plugin.output import warn
from webhook.settings.settings import Settings


@contextmanager
def api_server(settings: Settings, namespace: str) -> Iterator[tuple[Api, str]]:
    """Give the API server and the namespace that is meant; what it says no with ends the command.

    Raises:
        Failure: for manifests in place of an API server, and for each refusal.
    """
    if settings.cluster:
        raise Failure("this needs an API server: leave out --cluster")
    try:
        place = namespace or credentials(settings.kubeconfig, settings.context).namespace or DEFAULT_NAMESPACE
        api = connect(settings.kubeconfig, settings.context, agent="kubectl-livemigration", warn=warn)
        yield api, place
    except Rejected as error:
        raise Failure(str(error), Exit.NOT_MIGRATABLE) from error
    except KindMissing as error:
        raise Failure(f"this cluster has no KubeVirt: {error}", Exit.UNREACHABLE) from error
    except (NoCredentials, ApiError) as error:
        raise not_reached(error) from error

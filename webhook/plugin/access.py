"""Where a command finds its cluster, and as whom it asks."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from webhook.plugin.failure import AGENT, Failure, reaching
from webhook.plugin.output import warn
from webhook.settings.settings import Settings

if TYPE_CHECKING:
    from webhook.kube.api import Api


class Access(Struct, frozen=True, kw_only=True):
    """The settings that name the cluster, the user to act as ("" for oneself), and the timeout of a request.

    The timeout is in seconds; 0 leaves it to each request.
    """

    settings: Settings
    user: str = ""
    timeout: float = 0.0

    @property
    def is_named(self) -> bool:
        """Tell whether a cluster is named; else it is the default of kubectl."""
        return bool(self.settings.cluster or self.settings.kubeconfig or self.settings.context)

    def api_server(self, *, warn: Callable[[str], None] = warn) -> "Api":
        """Return the API server; `warn` is called with each of its warnings.

        Raises:
            Failure: where manifests stand in for it, and without a kubeconfig.
        """
        if self.settings.cluster:
            raise Failure("this needs an API server: leave out --cluster")
        from webhook.kube.api import connect  # noqa: PLC0415 - manifests need no client, which takes 50 ms

        with reaching():
            return connect(
                self.settings.kubeconfig,
                self.settings.context,
                agent=AGENT,
                warn=warn,
                user=self.user,
                timeout=self.timeout,
            )

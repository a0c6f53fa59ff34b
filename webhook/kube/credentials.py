"""Who we are to the API server: the pod's own service account, or what a kubeconfig says.

A service account is two files and two variables; they are read here, because the kubernetes library, which reads
kubeconfigs with all that belongs to them, would take a quarter of the service's memory for it.
"""

import os
import threading
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

from msgspec import Struct
from yaml import YAMLError

from webhook.kube.refusals import ApiError

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class NoCredentials(ApiError):  # noqa: N818 - it is named for what was found
    """Raised when there is no usable kubeconfig or service account; the message says what was looked for."""


class Tls(Struct, frozen=True, kw_only=True):
    """How the API server is verified, and the client certificate.

    `authority` is PEM text, "" for the authorities that the system trusts; `certificate` and `key` are files, "" for
    none; `server_name` is the name to expect where it isn't the one in the address.
    """

    authority: str = ""
    certificate: str = ""
    key: str = ""
    server_name: str = ""
    verify: bool = True


class Credentials(Protocol):
    """Asked anew for each request: tokens and authorities are replaced while we run."""

    @property
    def server(self) -> str:
        """The API server's URL."""

    @property
    def proxy(self) -> str:
        """URL of the proxy on the way, "" for none."""

    @property
    def namespace(self) -> str:
        """The default namespace."""

    @property
    def context(self) -> str:
        """The context in the kubeconfig, "" without one."""

    def tls(self) -> Tls:
        """Return what holds for the next connection."""

    def authorization(self) -> str:
        """Return the Authorization header, "" where the client certificate says it all."""


def credentials(kubeconfig: str = "", context: str = "") -> Credentials:
    """Find credentials as kubectl does: the file given, $KUBECONFIG, a pod's service account, ~/.kube/config.

    A folder in place of the file is a service account's that is mounted at another path.

    Raises:
        NoCredentials: when there are none, or they can't be read.
    """
    in_a_pod = "KUBERNETES_SERVICE_HOST" in os.environ and SERVICE_ACCOUNT.is_dir()
    if in_a_pod and not (kubeconfig or context or os.environ.get("KUBECONFIG")):
        return ServiceAccount()
    if kubeconfig and Path(kubeconfig).is_dir():
        return ServiceAccount(Path(kubeconfig))
    return Kubeconfig(kubeconfig or os.environ.get("KUBECONFIG", ""), context)


class ServiceAccount:
    """The service account that Kubernetes mounts into a pod; its files are read each time, they are small."""

    proxy = ""
    context = ""

    def __init__(self, folder: Path = SERVICE_ACCOUNT, environment: Mapping[str, str] = os.environ) -> None:
        """Take the folder of the mounted files, and the variables with the API server's address."""
        self._folder = folder
        host, port = (environment.get(f"KUBERNETES_SERVICE_{part}", "") for part in ("HOST", "PORT"))
        if not host or not port:
            raise NoCredentials("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")
        self.server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"

    @property
    def namespace(self) -> str:
        """The pod's namespace."""
        return self._read("namespace")

    def tls(self) -> Tls:
        """Return the cluster's authority."""
        return Tls(authority=self._read("ca.crt"))

    def authorization(self) -> str:
        """Return the token of this moment; kubelet renews it about every hour."""
        return f"Bearer {self._read('token')}"

    def _read(self, name: str) -> str:
        try:
            text = (self._folder / name).read_text().strip()
        except OSError as error:
            raise NoCredentials(f"{self._folder / name}: {error.strerror}") from error
        if not text:
            raise NoCredentials(f"{self._folder / name} is empty")
        return text


class Kubeconfig:
    """A context of a kubeconfig, read by the kubernetes library: exec plugins, tokens, certificates, proxies."""

    def __init__(self, path: str = "", context: str = "") -> None:
        """Take files as $KUBECONFIG has them ("" for ~/.kube/config), and a context's name ("" for the current one)."""
        # Only who reads a kubeconfig pays for the library.
        missing = [file for file in _files(path) if not Path(file).expanduser().exists()]
        if len(missing) == len(_files(path)):
            raise NoCredentials(f"there is no kubeconfig at {' or '.join(missing)}")
        config: Any = import_module("kubernetes.config")
        self._configuration: Any = import_module("kubernetes.client").Configuration()
        self._lock = threading.Lock()
        try:
            config.load_kube_config(path or None, context or None, self._configuration, persist_config=False)
            contexts, current = config.list_kube_config_contexts(path or None)
        except (config.ConfigException, YAMLError, OSError, ValueError, TypeError) as error:
            raise NoCredentials(f"kubeconfig {path or '~/.kube/config'}: {error}") from error
        chosen: dict[str, Any] = next((c for c in contexts if c["name"] == context), current)
        self.namespace: str = chosen["context"].get("namespace") or "default"
        self.context: str = chosen["name"]
        self.server: str = self._configuration.host
        self.proxy: str = self._configuration.proxy or ""

    def tls(self) -> Tls:
        """Return the cluster's authority and the user's certificate."""
        configuration = self._configuration
        authority = configuration.ssl_ca_cert
        return Tls(
            authority=Path(authority).read_text() if authority else "",
            certificate=configuration.cert_file or "",
            key=configuration.key_file or "",
            server_name=configuration.tls_server_name or "",
            verify=configuration.verify_ssl,
        )

    def authorization(self) -> str:
        """Return the user's token or password; an exec plugin is asked again when its token has expired."""
        with self._lock:
            return self._configuration.get_api_key_with_prefix("BearerToken") or ""


def _files(path: str) -> list[str]:
    """Return the files of a kubeconfig, which $KUBECONFIG may list."""
    return [file for file in path.split(os.pathsep) if file] or ["~/.kube/config"]

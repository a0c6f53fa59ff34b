"""Who we are to the API server, proven by what arrives there."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.kube.scripted_server import a_refusal, scripted_server
from webhook.kube.api import Api, connect
from webhook.kube.credentials import Kubeconfig, NoCredentials, ServiceAccount, credentials
from webhook.kube.refusals import NotFound, Unreachable
from webhook.kube.transport import Transport
from webhook.state.kinds import NAMESPACE

NOTHING = a_refusal(404, "not found", name="default")

EXEC_PLUGIN = """
import json, pathlib, sys
runs = pathlib.Path(sys.argv[1])
number = int(runs.read_text()) + 1
runs.write_text(str(number))
status = {"token": f"token-{number}", "expirationTimestamp": "2001-01-01T00:00:00Z"}
print(json.dumps({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": status}))
"""


def write_kubeconfig(folder: Path, server: str, user: Any, *, cluster: Any = None, **context: str) -> str:
    path = folder / "kubeconfig"
    other = {"name": "other", "context": {"cluster": "c", "user": "u", "namespace": "elsewhere"}}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u", **context}}, other],
        "current-context": "one",
    }
    path.write_text(json.dumps(config))
    return str(path)


def authorizations(folder: Path, user: Any, *, requests: int = 1) -> list[str | None]:
    """Ask for an object as a kubeconfig's user; return the Authorization headers that arrive."""
    with scripted_server(get=[NOTHING]) as server:
        api = connect(write_kubeconfig(folder, server.url, user))
        for _ in range(requests):
            with pytest.raises(NotFound):
                api.get(NAMESPACE, "", "default", timeout=5)
        return [request.headers.get("Authorization") for request in server.requests]


def test_the_token_of_a_kubeconfig_is_sent(tmp_path: Path) -> None:
    assert authorizations(tmp_path, {"token": "secret"}) == ["Bearer secret"]


def test_the_password_of_a_kubeconfig_is_sent(tmp_path: Path) -> None:
    sent = urllib3.util.make_headers(basic_auth="alice:secret")["authorization"]

    assert authorizations(tmp_path, {"username": "alice", "password": "secret"}) == [sent]


def test_a_kubeconfig_without_credentials_sends_none(tmp_path: Path) -> None:
    assert authorizations(tmp_path, {}) == [None]


def test_an_exec_plugin_is_run_again_when_its_token_has_expired(tmp_path: Path) -> None:
    (tmp_path / "plugin.py").write_text(EXEC_PLUGIN)
    (tmp_path / "runs").write_text("0")
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": [str(tmp_path / "plugin.py"), str(tmp_path / "runs")],
        "interactiveMode": "Never",
    }

    assert authorizations(tmp_path, {"exec": plugin}, requests=2) == ["Bearer token-2", "Bearer token-3"]


def test_the_context_decides_who_and_where_we_are(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path, "http://127.0.0.1:1", {}, namespace="here")

    assert Kubeconfig(path).namespace == "here"
    assert Kubeconfig(path, "other").namespace == "elsewhere"


def test_a_context_without_a_namespace_means_the_default_one(tmp_path: Path) -> None:
    assert Kubeconfig(write_kubeconfig(tmp_path, "http://127.0.0.1:1", {})).namespace == "default"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(None, "there is no kubeconfig at", id="no file"),
        pytest.param("", "file is empty", id="an empty file"),
        pytest.param("{", "expected the node content", id="no YAML"),
        pytest.param("[]", "kubeconfig", id="a list"),
        pytest.param("kind: Config", "current-context", id="no contexts"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_named(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "kubeconfig"
    if content is not None:
        path.write_text(content)

    with pytest.raises(NoCredentials, match=words) as raised:
        Kubeconfig(str(path))

    assert str(path) in str(raised.value)


def test_a_context_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoCredentials, match="nowhere"):
        Kubeconfig(write_kubeconfig(tmp_path, "http://127.0.0.1:1", {}), "nowhere")


def test_the_environment_names_the_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", write_kubeconfig(tmp_path, "http://127.0.0.1:7", {}))

    assert credentials().server == "http://127.0.0.1:7"


def test_a_file_that_is_named_goes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "missing"))

    assert credentials(write_kubeconfig(tmp_path, "http://127.0.0.1:8", {})).server == "http://127.0.0.1:8"


@pytest.mark.parametrize(
    ("host", "server"), [("10.96.0.1", "https://10.96.0.1:443"), ("fd00::1", "https://[fd00::1]:443")]
)
def test_a_pod_knows_the_address_from_its_environment(tmp_path: Path, host: str, server: str) -> None:
    account = ServiceAccount(tmp_path, {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "443"})

    assert account.server == server


def test_outside_of_a_pod_there_is_no_service_account(tmp_path: Path) -> None:
    with pytest.raises(NoCredentials, match="KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set"):
        ServiceAccount(tmp_path, {})


@pytest.mark.parametrize(
    ("files", "words"),
    [
        pytest.param({}, "ca.crt: No such file or directory", id="nothing is mounted"),
        pytest.param({"ca.crt": "pem"}, "token: No such file or directory", id="no token"),
        pytest.param({"ca.crt": "pem", "token": "\n"}, "token is empty", id="an empty token"),
    ],
)
def test_a_service_account_that_is_incomplete_is_named(tmp_path: Path, files: dict[str, str], words: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    account = ServiceAccount(tmp_path, {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"})

    with pytest.raises(NoCredentials, match=words):
        account.tls(), account.authorization()
    with pytest.raises(Unreachable):
        Api(Transport(account)).get(NAMESPACE, "", "default", timeout=1)


def test_a_folder_in_place_of_a_kubeconfig_is_a_service_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    (tmp_path / "token").write_text("secret\n")

    found = credentials(str(tmp_path))

    assert (found.server, found.authorization()) == ("https://10.96.0.1:443", "Bearer secret")

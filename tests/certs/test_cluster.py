"""Requests to the API server: who we are, deadlines, and answers that a real one does not give on demand."""

import datetime as dt
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kubernetes import client
from kubernetes.config import incluster_config

from certs.cluster import Cluster, ConfigurationError, ConflictError, RefusedError, UnreachableError, connect
from testbed.control_plane import ControlPlane

PATH = "/api/v1/namespaces/here/secrets/x"


@contextmanager
def answering(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """Connect to a server that gives this answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    cluster = connected(f"http://127.0.0.1:{server.server_port}")
    try:
        yield cluster
    finally:
        cluster.close()
        server.shutdown()
        server.server_close()
        thread.join()


def connected(host: str, *, deadline: float = 5) -> Cluster:
    settings = client.Configuration(host=host)
    settings.retries = False
    return Cluster(client.ApiClient(settings), deadline=deadline)


def test_an_object_that_is_not_there_is_none() -> None:
    with answering(404, b'{"message": "not found"}') as cluster:
        assert cluster.get(PATH) is None


@pytest.mark.parametrize(
    ("status", "body", "error", "message"),
    [
        (403, b'{"message": "no right"}', RefusedError, f"GET {PATH}: 403 no right"),
        (409, b'{"message": "changed"}', ConflictError, f"GET {PATH}: 409 changed"),
        (502, b"<html>bad gateway</html>", RefusedError, f"GET {PATH}: 502 <html>bad gateway</html>"),
        (500, b"[]", RefusedError, f"GET {PATH}: 500 []"),
        (302, b"", RefusedError, f"GET {PATH}: 302 "),
        (200, b"<html>log in</html>", UnreachableError, f"GET {PATH}: the answer is no JSON"),
    ],
    ids=["refused", "conflict", "a proxy's page", "no Status", "a redirect", "another page"],
)
def test_an_answer_that_is_no_success_is_an_error_in_words(
    status: int, body: bytes, error: type[Exception], message: str
) -> None:
    with answering(status, body) as cluster, pytest.raises(error) as raised:
        cluster.get(PATH)
    assert str(raised.value) == message


def test_the_time_is_the_api_servers() -> None:
    with answering(200, b"{}", {"Date": "Tue, 01 Jan 2030 12:00:00 GMT"}) as cluster:
        cluster.get(PATH)
        assert cluster.now == dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("headers", [{}, {"Date": "today"}], ids=["none", "unreadable"])
def test_without_a_date_the_time_is_ours(headers: Mapping[str, str]) -> None:
    with answering(200, b"{}", headers) as cluster:
        before = dt.datetime.now(dt.UTC)
        cluster.get(PATH)
        assert before <= cluster.now <= dt.datetime.now(dt.UTC)


def test_a_server_that_says_nothing_is_unreachable_after_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cluster = connected(f"http://127.0.0.1:{silent.getsockname()[1]}", deadline=0.1)
        with pytest.raises(UnreachableError, match=f"GET {PATH}: .*[Rr]ead timed out"):
            cluster.get(PATH)
        cluster.close()


def test_a_pod_is_known_by_its_service_account(
    control_plane: ControlPlane, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    control_plane.api().post(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "pod"}})
    kubeconfig = json.loads(control_plane.service_account_kubeconfig(namespace, "pod").read_text())
    (tmp_path / "token").write_text(kubeconfig["users"][0]["user"]["token"])
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    authority = kubeconfig["clusters"][0]["cluster"]["certificate-authority"]
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", authority)
    address = urlsplit(control_plane.server)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(address.hostname))
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(address.port))
    cluster = connect()
    with pytest.raises(RefusedError, match=f'User "system:serviceaccount:{namespace}:pod" cannot get'):
        cluster.get(f"/api/v1/namespaces/{namespace}/secrets/x")
    cluster.close()


def test_a_pod_without_a_token_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
    with pytest.raises(ConfigurationError, match=r"Service token file does not exist\."):
        connect()


def test_a_kubeconfig_without_the_context_is_told_so(control_plane: ControlPlane) -> None:
    with pytest.raises(ConfigurationError, match="Expected object with name nowhere"):
        connect(str(control_plane.kubeconfig()), "nowhere")


def test_what_is_created_must_not_be_there_yet(control_plane: ControlPlane, namespace: str) -> None:
    cluster = connect(str(control_plane.kubeconfig()))
    path = f"/api/v1/namespaces/{namespace}/secrets/x"
    body = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "YQ=="}}
    cluster.create(path, body)
    with pytest.raises(ConflictError):
        cluster.create(path, body)
    cluster.close()


def test_what_is_changed_must_be_as_it_was_read(control_plane: ControlPlane, namespace: str) -> None:
    cluster = connect(str(control_plane.kubeconfig()))
    path = f"/api/v1/namespaces/{namespace}/secrets/x"
    cluster.create(path, {"apiVersion": "v1", "kind": "Secret", "data": {"a": "YQ==", "b": "Yg=="}})
    version = control_plane.api().get(path)["metadata"]["resourceVersion"]
    cluster.merge(path, version, {"data": {"a": None}})
    assert control_plane.api().get(path)["data"] == {"b": "Yg=="}
    with pytest.raises(ConflictError):
        cluster.merge(path, version, {"data": {"b": None}})
    cluster.close()

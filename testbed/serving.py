"""The service as a process of its own on free ports, with a cluster made of manifests, and clients for it."""

import datetime as dt
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from cryptography import x509

from certs.files import ensure
from certs.lifetime import Lives
from testbed.builders import a_claim, a_review, a_vmi_document
from testbed.processes import LOOPBACK, free_ports
from testbed.waiting import until

MIGRATIONS: Final = "/validate/migrations"
JSON: Final = {"Content-Type": "application/json"}
PATIENCE: Final = 30.0
"""Seconds after which a test gives up: long, for the machine may be busy."""

CLUSTER: Final = (
    a_vmi_document(),
    a_vmi_document(
        {
            "domain": {"devices": {"disks": [{"name": "iso", "cdrom": {"bus": "sata"}}], "interfaces": []}},
            "volumes": [{"name": "iso", "persistentVolumeClaim": {"claimName": "iso"}}],
        },
        name="with-cd",
    ),
    a_claim("iso", "ReadWriteMany"),
)
"""VMI default/web can migrate, default/with-cd can't."""


def a_migration(vmi: str = "web", **request: Any) -> bytes:
    """Return a review of a migration."""
    document = {"metadata": {"name": "move"}, "spec": {"vmiName": vmi}}
    return orjson.dumps(a_review(document, resource="virtualmachineinstancemigrations", **request))


BODY: Final = a_migration()
REFUSED_BODY: Final = a_migration("with-cd")
HEAD: Final = f"POST {MIGRATIONS} HTTP/1.1\r\nHost: webhook\r\nContent-Type: application/json\r\n".encode()
"""What a request begins with; its length and an empty line have to follow."""


def issue(folder: Path) -> None:
    """Put a new certificate for the loopback address into a folder, as kubelet does: all files at once."""
    names = [LOOPBACK, "localhost", f"{uuid.uuid4()}.test"]
    ensure(folder, names, now=dt.datetime.now(dt.UTC), lives=Lives(), tell=lambda _: None)


@dataclass(kw_only=True)
class Serving:
    """A running service: `port` speaks TLS, `probe_port` doesn't."""

    process: subprocess.Popen[bytes]
    port: int
    probe_port: int
    folder: Path

    @property
    def log(self) -> list[dict[str, Any]]:
        """What it has logged so far."""
        lines = (self.folder / "log").read_bytes().splitlines(keepends=True)
        return [orjson.loads(line) for line in lines if line.endswith(b"\n")]

    @property
    def trust(self) -> ssl.SSLContext:
        """A client's context that trusts the authority in the folder."""
        return ssl.create_default_context(cafile=str(self.folder / "tls" / "ca.crt"))

    @property
    def worker(self) -> int:
        """The process that serves; its parent looks after it."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(children.read_text().split()[0])

    def client(self, context: ssl.SSLContext | None = None) -> http.client.HTTPSConnection:
        """Return a client that keeps its connection."""
        return http.client.HTTPSConnection(LOOPBACK, self.port, timeout=PATIENCE, context=context or self.trust)

    def ask(self, body: bytes | None = None, **options: Any) -> http.client.HTTPResponse:
        """Send one review over a connection of its own; return the answer, read into `.body`."""
        with closing(self.client()) as client:
            return ask(client, body, **options)

    def connect(self) -> socket.socket:
        """Open a TCP connection and say nothing."""
        return socket.create_connection((LOOPBACK, self.port), timeout=PATIENCE)

    def talk(self, data: bytes) -> bytes:
        """Send bytes over TLS and return all that comes back until the service closes."""
        with self.secure() as sock:
            sock.sendall(data)
            return received(sock)

    def secure(self) -> ssl.SSLSocket:
        """Open a TLS connection and say nothing more."""
        return self.trust.wrap_socket(self.connect(), server_hostname=LOOPBACK)

    def probe(self, path: str) -> tuple[int, str]:
        """Ask the plain port."""
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self.probe_port}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metric(self, series: str) -> float:
        """Return a series' value, as the metrics page has it."""
        lines = (line.rpartition(" ") for line in self.probe("/metrics")[1].splitlines())
        return float(next(value for name, _, value in lines if name == series))

    def served_serial(self) -> int:
        """Return the serial number of the certificate that is served."""
        pem = ssl.get_server_certificate((LOOPBACK, self.port), timeout=PATIENCE)
        return x509.load_pem_x509_certificate(pem.encode()).serial_number

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    def exit_code(self) -> int:
        """Wait for its end."""
        return self.process.wait(timeout=PATIENCE)


def ask(
    client: http.client.HTTPConnection, body: bytes | None = None, *, path: str = MIGRATIONS, **options: Any
) -> http.client.HTTPResponse:
    """Send one review; return the answer, read into `.body`."""
    headers = options.get("headers", JSON)
    client.request(options.get("method", "POST"), path, BODY if body is None else body, headers)
    response = client.getresponse()
    response.body = response.read()  # type: ignore[attr-defined]
    return response


def received(sock: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    chunks = []
    while chunk := sock.recv(65536):
        chunks.append(chunk)
    return b"".join(chunks)


@contextmanager
def serving(
    folder: Path,
    *,
    injected: str = "",
    documents: Sequence[Any] = CLUSTER,
    expect_ready: bool = True,
    **settings: str,
) -> Iterator[Serving]:
    """Start the service and wait until it is ready; it is gone afterwards, even when this process is killed."""
    issue(folder / "tls")
    (folder / "cluster.json").write_text(json.dumps({"kind": "List", "items": list(documents)}))
    port, probe_port = free_ports(2)
    flags = {
        "cluster": str(folder / "cluster.json"),
        "listen": f"{LOOPBACK}:{port}",
        "probe-listen": f"{LOOPBACK}:{probe_port}",
        "tls-dir": str(folder / "tls"),
        "drain-seconds": "0",
        **{name.replace("_", "-"): value for name, value in settings.items()},
    }
    command = [sys.executable, "-m", "tests.server.program", "serve", *(f"--{k}={v}" for k, v in flags.items())]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stderr=log,
            cwd=Path(__file__).parents[1],
            env={**os.environ, "INJECTED": injected},
        )
    running = Serving(process=process, port=port, probe_port=probe_port, folder=folder)
    try:
        until(lambda: not expect_ready or _ready(running))
        yield running
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()


def _ready(running: Serving) -> bool:
    assert running.process.poll() is None, (running.folder / "log").read_text()
    try:
        return running.probe("/readyz")[0] == 200
    except OSError:
        return False


def closed(sock: socket.socket) -> bool:
    """Wait for the other side to close; tell whether it said nothing first."""
    try:
        return sock.recv(1) == b""
    except ConnectionError:
        return True


def response_of(data: bytes) -> tuple[str, Mapping[str, str], bytes]:
    """Split one response: its status line, its headers, and its body."""
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return status, dict(line.split(": ", 1) for line in lines), body

"""The certificate that is served: replaced without a restart and without a lost review, only by a good pair."""

import shutil
import ssl
import threading
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509

from testbed.pki import Authority
from testbed.processes import LOOPBACK
from testbed.serving import Serving, ask, closed, issue, serving
from testbed.waiting import until
from webhook.server.certificate import ServedCertificate

NO_CLIENT_CA = ""


def serial_in(folder: Path) -> int:
    return x509.load_pem_x509_certificate((folder / "tls.crt").read_bytes()).serial_number


def test_three_renewed_certificates_in_a_row_are_served_without_a_restart_or_a_lost_review(tmp_path: Path) -> None:
    statuses: list[int] = []
    with serving(tmp_path, certificate_poll="50ms") as service:
        stopping = threading.Event()

        def keep_asking() -> None:
            while not stopping.is_set():
                with closing(service.client()) as client:
                    statuses.extend(ask(client).status for _ in range(3))

        def renew() -> None:
            issue(tmp_path / "tls")
            renewed = serial_in(tmp_path / "tls")
            until(lambda: service.served_serial() == renewed)
            before = len(statuses)
            until(lambda: len(statuses) > before + 20)

        asker = threading.Thread(target=keep_asking)
        asker.start()
        for _ in range(3):
            renew()
        stopping.set()
        asker.join()
    assert set(statuses) == {200}


def test_connections_outlive_the_certificate_that_they_began_with(tmp_path: Path) -> None:
    with serving(tmp_path, certificate_poll="50ms") as service, closing(service.client()) as kept:
        ask(kept)
        issue(tmp_path / "tls")
        renewed = serial_in(tmp_path / "tls")
        until(lambda: service.served_serial() == renewed)

        assert ask(kept).status == 200


def test_the_service_waits_for_its_first_certificate(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    with serving(tmp_path, tls_dir=str(folder), certificate_poll="50ms", expect_ready=False) as service:
        until(lambda: probed(service)[0] == 503)
        assert probed(service)[1].startswith(f"certificate: {folder}: [Errno 2] No such file or directory")
        with service.connect() as sock:
            assert closed(sock)

        shutil.copytree(tmp_path / "tls", folder)

        until(lambda: probed(service)[0] == 200)
        assert service.ask().status == 200


def probed(service: Serving) -> tuple[int, str]:
    try:
        return service.probe("/readyz")
    except OSError:
        return 0, ""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    issue(tmp_path)
    return tmp_path


@pytest.fixture
def served(folder: Path) -> ServedCertificate:
    certificate = ServedCertificate(str(folder), NO_CLIENT_CA, "1.2")
    certificate.refresh()
    return certificate


def test_a_pair_that_has_not_changed_is_not_loaded_again(served: ServedCertificate) -> None:
    context = served.context

    served.refresh()

    assert served.context is context
    assert context is not None


def test_a_good_pair_is_put_in_place_of_the_old_one(served: ServedCertificate, folder: Path) -> None:
    context = served.context
    issue(folder)

    served.refresh()

    assert served.context is not context
    assert served.problem == ""


@pytest.mark.parametrize(
    ("file", "content"),
    [
        pytest.param("tls.crt", None, id="certificate missing"),
        pytest.param("tls.key", None, id="key missing"),
        pytest.param("tls.crt", b"", id="certificate empty"),
        pytest.param("tls.key", b"rubbish", id="key no PEM"),
    ],
)
def test_a_pair_that_cannot_be_used_leaves_the_old_one_in_place(
    served: ServedCertificate, folder: Path, file: str, content: bytes | None
) -> None:
    context = served.context
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_bytes(content)

    served.refresh()

    assert served.context is context
    assert served.problem.startswith(f"{folder}: ")


def test_a_new_certificate_with_the_old_key_leaves_the_old_pair_in_place(
    served: ServedCertificate, folder: Path
) -> None:
    context, key = served.context, (folder / "tls.key").read_bytes()
    issue(folder)
    (folder / "tls.key").unlink()
    (folder / "tls.key").write_bytes(key)

    served.refresh()

    assert served.context is context
    assert "key values mismatch" in served.problem


def test_a_pair_that_is_completed_later_is_taken_then(served: ServedCertificate, folder: Path) -> None:
    key = (folder / "tls.key").read_bytes()
    (folder / "tls.key").unlink()
    served.refresh()
    (folder / "tls.key").write_bytes(key)
    issue(folder)

    served.refresh()

    assert served.problem == ""


def test_a_pair_is_not_taken_from_the_midst_of_a_replacement(
    folder: Path,
) -> None:
    class ReplacedWhileLoading(ServedCertificate):
        def _load(self) -> ssl.SSLContext:
            context = super()._load()
            issue(folder)
            return context

    certificate = ReplacedWhileLoading(str(folder), NO_CLIENT_CA, "1.2")

    certificate.refresh()

    assert certificate.context is None


def test_a_client_without_the_demanded_certificate_is_not_heard(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with serving(tmp_path, client_ca_file=str(authority.pair.certificate)) as service:
        with service.secure() as sock, pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"):
            sock.recv(1)

        client_pair = authority.issue("api-server")
        context = service.trust
        context.load_cert_chain(client_pair.certificate, client_pair.key)
        with closing(service.client(context)) as client:
            assert ask(client).status == 200


def test_the_end_of_the_certificate_is_a_metric(service: Serving) -> None:
    pem = (service.folder / "tls" / "tls.crt").read_bytes()
    expires = x509.load_pem_x509_certificate(pem).not_valid_after_utc

    assert service.metric("live_migration_webhook_certificate_expiry_timestamp_seconds") == expires.timestamp()


def test_only_the_newest_tls_is_spoken_where_so_set(tmp_path: Path) -> None:
    with serving(tmp_path, min_tls_version="1.3") as service:
        context = service.trust
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with service.connect() as sock, pytest.raises(ssl.SSLError):
            context.wrap_socket(sock, server_hostname=LOOPBACK)
        assert service.ask().status == 200

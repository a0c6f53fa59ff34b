"""TLS, as the worker speaks it."""

import ssl

import pytest

from testbed.serving import Serving, closed
from testbed.waiting import until
from tests.admission.answers import ALLOWED


def test_plain_text_on_the_tls_port_is_no_news(service: Serving) -> None:
    with service.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert closed(sock)

    until(lambda: [line["error"] for line in service.log if line["event"] == "handshake failed"])
    assert service.ask().body == ALLOWED  # type: ignore[attr-defined]


def test_old_tls_is_refused(service: Serving) -> None:
    context = service.trust
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    with service.connect() as sock, pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        context.wrap_socket(sock, server_hostname="127.0.0.1")


def test_http_1_1_is_agreed_on(service: Serving) -> None:
    context = service.trust
    context.set_alpn_protocols(["h2", "http/1.1"])

    with context.wrap_socket(service.connect(), server_hostname="127.0.0.1") as sock:
        assert sock.selected_alpn_protocol() == "http/1.1"


def test_tls_sessions_are_resumed(service: Serving) -> None:
    context = service.trust
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with context.wrap_socket(service.connect(), server_hostname="127.0.0.1") as sock:
        session = sock.session

    with context.wrap_socket(service.connect(), server_hostname="127.0.0.1", session=session) as sock:
        assert sock.session_reused

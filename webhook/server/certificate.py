"""The certificate that is served: looked at by content, swapped for a new one only when the whole new pair is good."""

import ssl
from pathlib import Path
from typing import Final

import structlog
from cryptography import x509

from webhook.server import metrics
from webhook.server.tls import TlsContext

_MIN_VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

log = structlog.get_logger()


class ServedCertificate:
    """`tls.crt` and `tls.key` of a folder as one SSL context, which all connections share.

    A shared context is what makes TLS session resumption work. `context` is None until a first pair is good.
    """

    def __init__(self, folder: str, client_ca_file: str, min_version: str) -> None:
        self.certificate = Path(folder) / "tls.crt"
        self.key = Path(folder) / "tls.key"
        self.client_ca_file = client_ca_file
        self.min_version = _MIN_VERSIONS[min_version]
        self.context: ssl.SSLContext | None = None
        self.problem = "not looked for yet"
        self._tried: tuple[bytes, ...] = ()

    def refresh(self) -> None:
        """Load the pair if it has changed; keep the last good one if the new one can't be used.

        The files are compared by content, for a mounted Secret is replaced through symbolic links, which inotify misses
        after the first time; and read again after loading, so that no pair is taken from the midst of a replacement.
        """
        try:
            content = self._content()
            if content == self._tried:
                return
            context = self._load()
            expiry = x509.load_pem_x509_certificate(content[0]).not_valid_after_utc
            if self._content() != content:
                return
        except (OSError, ValueError) as error:
            self._reject(f"{self.certificate.parent}: {error}")
            return
        self._tried, self.problem, self.context = content, "", context
        metrics.CERTIFICATE_EXPIRY.set(expiry.timestamp())
        log.info("certificate loaded", file=str(self.certificate), expires=expiry.isoformat())

    def _content(self) -> tuple[bytes, ...]:
        files = [self.certificate, self.key, *([Path(self.client_ca_file)] if self.client_ca_file else [])]
        return tuple(file.read_bytes() for file in files)

    def _load(self) -> ssl.SSLContext:
        context = TlsContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = self.min_version
        context.options |= ssl.OP_NO_RENEGOTIATION
        # The API server speaks HTTP/1.1 to webhooks; curl is told so, too.
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(self.certificate, self.key)
        if self.client_ca_file:
            context.load_verify_locations(self.client_ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _reject(self, problem: str) -> None:
        if problem != self.problem:
            self.problem = problem
            metrics.CERTIFICATE_FAILURES.inc()
            log.error("certificate not usable", error=problem, still_served=self.context is not None)

"""How long certificates live and when they are due for renewal; all times are UTC."""

import datetime as dt
from typing import Final

from cryptography import x509
from msgspec import Struct

BACKDATE: Final = dt.timedelta(hours=1)
"""Certificates are valid from an hour ago, so that a clock that is late does not refuse them."""


class Lives(Struct, frozen=True, kw_only=True):
    """How long things take.

    A leaf lives 90 days: short enough that renewal is routine, long enough (30 days are left when it is renewed) for
    a cluster that is switched off for weeks. An authority lives two years: its last third, in which it is replaced,
    is eight months, so that no leaf has to be cut short by the end of its authority.

    propagation: until every API server works with a caBundle that was written; they watch it, so seconds.
    settle: until no pod serves the former leaf. kubelet projects a changed Secret after up to 100 s, the server looks
    every 10 s, the API server keeps idle connections for 90 s; twice the sum and some more.
    """

    authority: dt.timedelta = dt.timedelta(days=730)
    leaf: dt.timedelta = dt.timedelta(days=90)
    propagation: dt.timedelta = dt.timedelta(minutes=1)
    settle: dt.timedelta = dt.timedelta(minutes=10)

    def faults(self) -> list[str]:
        """Return what does not fit together, as sentences; empty when all is well."""
        rules = {
            "the authority must live at least three times as long as a leaf": self.authority >= 3 * self.leaf,
            "a third of a leaf's life must be longer than the time to settle": self.leaf > 3 * self.settle,
            "the time to settle must not be shorter than the propagation": self.settle >= self.propagation,
        }
        return [sentence for sentence, holds in rules.items() if not holds]


def issued_at(certificate: x509.Certificate) -> dt.datetime:
    """Return when the certificate was made: it is valid from an hour before."""
    return min(certificate.not_valid_before_utc + BACKDATE, certificate.not_valid_after_utc)


def expired(certificate: x509.Certificate, now: dt.datetime) -> bool:
    """Whether its end has come."""
    return now >= certificate.not_valid_after_utc


def valid(certificate: x509.Certificate, now: dt.datetime) -> bool:
    """Whether `now` is within its life."""
    return certificate.not_valid_before_utc <= now and not expired(certificate, now)


def due(certificate: x509.Certificate, now: dt.datetime) -> bool:
    """Whether a third of its life or less is left, or it isn't valid at all."""
    third = (certificate.not_valid_after_utc - issued_at(certificate)) / 3
    return not valid(certificate, now) or now >= certificate.not_valid_after_utc - third

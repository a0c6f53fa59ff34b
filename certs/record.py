"""What the keeper knows of its authorities, and how far a rotation has come: the content of the CA Secret.

The certificates themselves tell the phase, so that a phase and a content can't contradict each other; only whether a
bundle with the next authority has been published everywhere needs to be written down, and since when.
"""

import datetime as dt
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from certs.bundle import Certificates, distinct, unexpired
from certs.pair import Pair


class Phase(StrEnum):
    """How far a rotation of the authority has come.

    stable: one authority.
    prepared: the next authority exists; not every webhook configuration trusts it.
    published: every webhook configuration trusts the next authority beside those before.
    switched: leaves come from the new authority; the old one is still trusted.
    """

    STABLE = "stable"
    PREPARED = "prepared"
    PUBLISHED = "published"
    SWITCHED = "switched"


class Record(Struct, frozen=True, kw_only=True):
    """The authorities.

    current: signs leaves. None when its key was lost: then nothing is signed until the next one is trusted.
    next: signs leaves after the switch; there while prepared or published.
    old: trusted until their leaves are gone for certain; they sign nothing.
    incomplete: part of what is stored can't be read, and may have been anything that is trusted.
    published: whether every configuration trusted the next authority, as of `since`.
    since: when the phase began. None: unknown, so it has to be noted anew.
    """

    current: Pair | None = None
    next: Pair | None = None
    old: Certificates = ()
    incomplete: bool = False
    published: bool = False
    since: dt.datetime | None = None

    @property
    def phase(self) -> Phase:
        """How far the rotation has come."""
        if self.next:
            return Phase.PUBLISHED if self.published else Phase.PREPARED
        return Phase.SWITCHED if self.old else Phase.STABLE

    @property
    def certificates(self) -> Certificates:
        """All authorities, the newest last: in an order that a switch does not change."""
        signing = (pair.certificate for pair in (self.current, self.next) if pair)
        return distinct((*self.old, *signing))

    def bundle(self, now: dt.datetime) -> Certificates:
        """Return what the webhook configurations shall trust: all authorities but the expired ones."""
        return unexpired(self.certificates, now)


def beginning(authority: Pair, overlap: Certificates, now: dt.datetime) -> Record:
    """Return the record of an authority that nobody may have heard of.

    With authorities that are trusted already (`overlap`) it has to be published before it signs anything.
    """
    others = tuple(certificate for certificate in overlap if certificate != authority.certificate)
    if not others:
        return Record(current=authority, since=now)
    return Record(next=authority, old=others, since=now)


def prepared(record: Record, authority: Pair, now: dt.datetime) -> Record:
    """Return the record with a next authority, not yet published."""
    return replace(record, next=authority, published=False, since=now)


def noted(record: Record, *, published: bool, now: dt.datetime) -> Record:
    """Return the record with what has been seen of the publication just now."""
    return replace(record, published=published, since=now)


def switched(record: Record, now: dt.datetime) -> Record:
    """Return the record after the next authority took over."""
    former = (record.current.certificate,) if record.current else ()
    return Record(current=record.next, old=distinct((*record.old, *former)), since=now)


def retired(record: Record, now: dt.datetime) -> Record:
    """Return the record without old authorities."""
    return Record(current=record.current, since=now)

"""Authorities and leaves: what is in the certificates, and who accepts them."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from certs.authority import issued_by, new_authority, new_leaf
from certs.lifetime import due, issued_at, valid
from certs.names import InvalidNameError, canonical, names_of, service_names
from certs.pair import Pair, UnreadablePairError, read_pair
from tests.certs.keys import known

NOW = dt.datetime(2030, 1, 1, 12, 0, 0, 250_000, tzinfo=dt.UTC)
WHOLE = NOW.replace(microsecond=0)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)

AUTHORITY = new_authority(now=NOW, life=730 * DAY, random=known(1))
LEAF = new_leaf(AUTHORITY, ["a.b.svc", "127.0.0.1", "::1"], now=NOW, life=90 * DAY, random=known(2))


def extensions(pair: Pair) -> dict[type[x509.ExtensionType], tuple[bool, x509.ExtensionType]]:
    return {type(each.value): (each.critical, each.value) for each in pair.certificate.extensions}


def test_an_authority_has_the_extensions_of_one() -> None:
    public = AUTHORITY.key.public_key()
    assert extensions(AUTHORITY) == {
        x509.SubjectKeyIdentifier: (False, x509.SubjectKeyIdentifier.from_public_key(public)),
        x509.BasicConstraints: (True, x509.BasicConstraints(ca=True, path_length=0)),
        x509.KeyUsage: (True, usage(key_cert_sign=True, crl_sign=True)),
    }


def test_a_leaf_has_the_extensions_of_a_server() -> None:
    own, issuer = LEAF.key.public_key(), AUTHORITY.key.public_key()
    addresses = [x509.IPAddress(ipaddress.ip_address(each)) for each in ("127.0.0.1", "::1")]
    assert extensions(LEAF) == {
        x509.SubjectKeyIdentifier: (False, x509.SubjectKeyIdentifier.from_public_key(own)),
        x509.BasicConstraints: (True, x509.BasicConstraints(ca=False, path_length=None)),
        x509.KeyUsage: (True, usage(digital_signature=True)),
        x509.ExtendedKeyUsage: (False, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])),
        x509.SubjectAlternativeName: (False, x509.SubjectAlternativeName([x509.DNSName("a.b.svc"), *addresses])),
        x509.AuthorityKeyIdentifier: (False, x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer)),
    }


def usage(**uses: bool) -> x509.KeyUsage:
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign "
        "encipher_only decipher_only"
    )
    return x509.KeyUsage(**{use: uses.get(use, False) for use in every.split()})


@pytest.mark.parametrize("pair", [AUTHORITY, LEAF], ids=["authority", "leaf"])
def test_keys_are_on_p_256_and_signatures_use_sha_256(pair: Pair) -> None:
    assert isinstance(pair.key, ec.EllipticCurvePrivateKey)
    assert isinstance(pair.key.curve, ec.SECP256R1)
    assert isinstance(pair.certificate.signature_hash_algorithm, SHA256)


@pytest.mark.parametrize(("pair", "life"), [(AUTHORITY, 730), (LEAF, 90)], ids=["authority", "leaf"])
def test_a_certificate_is_valid_from_an_hour_ago_until_its_life_is_over(pair: Pair, life: int) -> None:
    certificate = pair.certificate
    assert certificate.not_valid_before_utc == WHOLE - HOUR
    assert certificate.not_valid_after_utc == WHOLE + life * DAY
    assert issued_at(certificate) == WHOLE


def test_a_leaf_never_outlives_its_authority() -> None:
    late = NOW + 700 * DAY
    leaf = new_leaf(AUTHORITY, ["a"], now=late, life=90 * DAY)
    assert leaf.certificate.not_valid_after_utc == AUTHORITY.certificate.not_valid_after_utc


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (-2 * HOUR, True),
        (-HOUR, False),
        (dt.timedelta(), False),
        (60 * DAY - dt.timedelta(seconds=1), False),
        (60 * DAY, True),
        (90 * DAY, True),
    ],
    ids=["not valid yet", "backdated", "new", "a second more than a third", "a third left", "ended"],
)
def test_a_certificate_is_due_when_a_third_of_its_life_is_left_or_it_is_not_valid(
    after: dt.timedelta, *, expected: bool
) -> None:
    assert due(LEAF.certificate, WHOLE + after) is expected


@given(life=st.integers(1, 10**8), age=st.integers(-4000, 2 * 10**8))
@settings(max_examples=50, deadline=None)
def test_what_is_not_due_is_valid(life: int, age: int) -> None:
    leaf = new_authority(now=NOW, life=dt.timedelta(seconds=life), random=known()).certificate
    moment = WHOLE + dt.timedelta(seconds=age)
    assert due(leaf, moment) or valid(leaf, moment)


def test_two_authorities_share_neither_key_nor_serial_number_nor_name() -> None:
    one, other = (new_authority(now=NOW, life=DAY).certificate for _ in range(2))
    assert one.public_key() != other.public_key()
    assert one.serial_number != other.serial_number
    assert one.subject != other.subject


def test_a_leaf_is_issued_by_its_own_authority_alone() -> None:
    other = new_authority(now=NOW, life=DAY)
    assert issued_by(LEAF.certificate, AUTHORITY.certificate)
    assert not issued_by(LEAF.certificate, other.certificate)


@pytest.mark.parametrize("name", ["a.b.svc", "127.0.0.1", "::1"])
def test_openssl_accepts_the_leaf_for_each_of_its_names(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert shaken_hands(name, tmp_path_factory) == "accepted"


def test_openssl_refuses_the_leaf_for_another_name(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert "Hostname mismatch" in shaken_hands("c.b.svc", tmp_path_factory)


def shaken_hands(name: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Let OpenSSL verify a leaf of today, strictly, in a handshake in memory."""
    authority = new_authority(now=dt.datetime.now(dt.UTC), life=DAY)
    leaf = new_leaf(authority, names_of(LEAF.certificate), now=dt.datetime.now(dt.UTC), life=DAY)
    file = tmp_path_factory.mktemp("pair") / "both.pem"
    file.write_bytes(leaf.certificate_pem + leaf.key_pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    client = ssl.create_default_context(cadata=authority.certificate_pem.decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=_serve, args=(server, theirs))
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=name):
            return "accepted"
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        ours.close()
        thread.join()


def _serve(context: ssl.SSLContext, connection: socket.socket) -> None:
    try:
        context.wrap_socket(connection, server_side=True).close()
    except OSError:
        connection.close()


@pytest.mark.parametrize(
    ("certificate", "key", "why"),
    [
        (b"", LEAF.key_pem, "the certificate is no readable PEM"),
        (b"garbled", LEAF.key_pem, "the certificate is no readable PEM"),
        (LEAF.key_pem, LEAF.key_pem, "the certificate is no readable PEM"),
        (LEAF.certificate_pem, b"garbled", "the key is no readable PEM"),
        (LEAF.certificate_pem, LEAF.certificate_pem, "the key is no readable PEM"),
        (LEAF.certificate_pem, AUTHORITY.key_pem, "the key does not belong to the certificate"),
    ],
    ids=["no certificate", "bytes", "key as certificate", "bytes as key", "certificate as key", "another's key"],
)
def test_a_pair_that_does_not_fit_is_refused_in_words(certificate: bytes, key: bytes, why: str) -> None:
    with pytest.raises(UnreadablePairError, match=why):
        read_pair(certificate, key)


def test_a_pair_is_read_as_it_was_written() -> None:
    read = read_pair(LEAF.certificate_pem, LEAF.key_pem)
    assert (read.certificate, read.key_pem) == (LEAF.certificate, LEAF.key_pem)


def test_names_are_lower_case_and_each_is_there_once() -> None:
    assert canonical(["A.b.SVC", "a.b.svc", "0:0::1", "10.0.0.1"]) == ("a.b.svc", "::1", "10.0.0.1")


@pytest.mark.parametrize("name", ["", ".", "a..b", "-a", "a_b", "a b", "*.a", "ä", "a" * 64, "a." * 127 + "a", "a\n"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidNameError, match="is neither a DNS name nor an IP address"):
        canonical([name])


def test_the_names_of_a_service_are_those_that_callers_use() -> None:
    assert service_names("a", "b") == ("a", "a.b", "a.b.svc", "a.b.svc.cluster.local")


@given(st.lists(st.from_regex(r"[a-z0-9]{1,20}(\.[a-z0-9]{1,20}){0,3}", fullmatch=True) | st.ip_addresses().map(str)))
@settings(max_examples=50, deadline=None)
def test_a_leaf_is_for_exactly_the_names_it_was_made_for(names: list[str]) -> None:
    wanted = canonical([*names, "a"])
    leaf = new_leaf(AUTHORITY, wanted, now=NOW, life=DAY, random=known())
    assert names_of(leaf.certificate) == wanted

"""The Secrets, the caBundle and durations: what is written is read again, and what is garbled is told."""

import base64
import datetime as dt
from typing import Any

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import stored
from certs.authority import new_authority, new_leaf
from certs.bundle import ca_bundle, read_bundle, to_pem
from certs.configurations import ConfigurationName, read_configuration
from certs.durations import Duration, spoken
from certs.record import Record
from tests.certs.keys import known
from tests.certs.world import secret, written

NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
A, B, C = (new_authority(now=NOW, life=DAY, random=known(number)) for number in (1, 2, 3))
LEAF = new_leaf(A, ["a"], now=NOW, life=DAY, random=known(4))

RECORDS = {
    "stable": Record(current=A, since=NOW),
    "prepared": Record(current=A, next=B, since=NOW),
    "published": Record(current=A, next=B, published=True, since=NOW),
    "switched": Record(current=B, old=(A.certificate, C.certificate), since=NOW),
    "without a key": Record(next=B, old=(A.certificate,), since=NOW),
}


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("before", RECORDS)
def test_what_is_written_over_another_record_is_read_again(name: str, before: str) -> None:
    present = written(None, stored.authority_secret(RECORDS[before]))
    present = written(present, stored.authority_secret(RECORDS[name]))
    read = stored.read(present, None)
    assert read.problems == ()
    assert read.record
    assert shape(read.record) == shape(RECORDS[name])


def shape(record: Record) -> tuple[Any, ...]:
    pairs = [pair and pair.certificate for pair in (record.current, record.next)]
    return (*pairs, record.old, record.incomplete, record.published, record.since, record.phase)


def test_a_leaf_is_stored_with_the_authority_it_comes_from() -> None:
    read = stored.read(None, written(None, stored.leaf_secret(LEAF, A)))
    assert read.leaf
    assert (read.leaf.certificate, read.leaf_authorities) == (LEAF.certificate, (A.certificate,))


@pytest.mark.parametrize(
    "kind", [{}, {"ca.crt": b"", "ca.key": b"", "tls.crt": b"", "tls.key": b""}], ids=["", "empty"]
)
def test_a_placeholder_is_a_missing_secret_and_no_problem(kind: dict[str, bytes]) -> None:
    assert stored.read(secret(**kind), secret(**kind)) == stored.Stored()
    assert stored.read({"metadata": {}}, {"metadata": {}, "data": None}) == stored.Stored()


@pytest.mark.parametrize(
    ("garbled", "problem", "old", "has_current"),
    [
        ({"ca.key": b"x"}, "ca.crt and ca.key: the key is no readable PEM", (C.certificate, A.certificate), False),
        ({"ca.crt": b"x"}, "ca.crt and ca.key: the certificate is no readable PEM", (C.certificate,), False),
        (
            {"ca.key": B.key_pem},
            "ca.crt and ca.key: the key does not belong to the certificate",
            (C.certificate, A.certificate),
            False,
        ),
        ({"next.key": b""}, "next.crt and next.key: the key is no readable PEM", (C.certificate, B.certificate), True),
        ({"old.crt": b"x"}, "old.crt: there is no readable certificate", (), True),
    ],
    ids=["key", "certificate", "another's key", "no key", "old authorities"],
)
def test_of_a_garbled_authority_the_rest_is_kept(
    garbled: dict[str, bytes], problem: str, old: tuple[Any, ...], *, has_current: bool
) -> None:
    record = Record(current=A, next=B, old=(C.certificate,), since=NOW)
    whole = written(None, stored.authority_secret(record))
    whole["data"] |= {key: base64.b64encode(value).decode() for key, value in garbled.items()}
    read = stored.read(whole, None)
    assert read.problems == (problem,)
    assert read.record
    assert (read.record.old, bool(read.record.current), read.record.incomplete) == (old, has_current, True)


@pytest.mark.parametrize("since", [None, "", "yesterday", "2030-01-01", "2030-01-01T00:00:00"])
def test_a_time_that_can_not_be_read_is_unknown(since: str | None) -> None:
    found = written(None, stored.authority_secret(RECORDS["stable"]))
    found["metadata"] = {"annotations": {stored.SINCE: since}}
    record = stored.read(found, None).record
    assert record
    assert record.since is None


@given(st.lists(st.sampled_from([A, B, C])), st.binary(max_size=30))
@settings(max_examples=50, deadline=None)
def test_a_bundle_is_read_with_each_authority_once_whatever_stands_between(pairs: list[Any], junk: bytes) -> None:
    expected = tuple(dict.fromkeys(pair.certificate for pair in pairs))
    assert read_bundle(junk.join([b"", *(pair.certificate_pem for pair in pairs), b""])) == expected


@pytest.mark.parametrize("text", ["!", "YQ", "YQ==", ca_bundle(b"-----BEGIN CERTIFICATE-----"), "ä"])
def test_a_ca_bundle_that_can_not_be_read_trusts_nobody(text: str) -> None:
    found = read_configuration(
        ConfigurationName(phase="mutating", name="a"),
        {"metadata": {"resourceVersion": "7"}, "webhooks": [{"name": "x", "clientConfig": {"caBundle": text}}]},
    )
    assert found.authorities == ()
    assert not found.trusts(A.certificate_pem)


def test_a_patch_touches_the_bundles_that_differ_and_tests_their_names() -> None:
    bundle = to_pem([A.certificate])
    hooks = [
        {"name": "x", "clientConfig": {"service": {"name": "s", "namespace": "n"}, "caBundle": ca_bundle(bundle)}},
        {"name": "y", "clientConfig": {"url": "https://host.example:8443/path"}},
    ]
    found = read_configuration(
        ConfigurationName(phase="validating", name="a"), {"metadata": {"resourceVersion": "7"}, "webhooks": hooks}
    )
    assert [webhook.server_name for webhook in found.webhooks] == ["s.n.svc", "host.example"]
    assert found.patch(bundle) == [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"},
        {"op": "test", "path": "/webhooks/1/name", "value": "y"},
        {"op": "add", "path": "/webhooks/1/clientConfig/caBundle", "value": ca_bundle(bundle)},
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90d", 90 * DAY),
        ("36h", 1.5 * DAY),
        ("1.5h", dt.timedelta(minutes=90)),
        ("1h30m", dt.timedelta(minutes=90)),
        ("30s", dt.timedelta(seconds=30)),
        ("500ms", dt.timedelta(milliseconds=500)),
    ],
)
def test_a_duration_is_numbers_with_units(text: str, expected: dt.timedelta) -> None:
    assert Duration().convert(text, None, None) == expected


@pytest.mark.parametrize("text", ["", "90", "d", "1 d", "1x", "1d\n", "1D", "1e9999d", f"{'9' * 400}d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.UsageError, match="is no duration such as 90d, 36h, 10m, 30s or 500ms"):
        Duration().convert(text, None, None)


@pytest.mark.parametrize("text", ["0s", "0", "-1d", "0.1us", "101y", "9999999d"])
def test_a_duration_that_nothing_can_last_is_refused(text: str) -> None:
    with pytest.raises(click.UsageError, match="it must be longer than nothing, and at most 100 years"):
        Duration().convert(text, None, None)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (3661, "1h 1m"), (86400, "1d"), (89999, "1d"), (90 * 86400 - 1, "89d 23h")],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: int, expected: str) -> None:
    assert spoken(dt.timedelta(seconds=seconds)) == expected

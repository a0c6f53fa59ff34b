"""`certs show` of folders and servers: exact tables, JSON and exit codes."""

import datetime as dt
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256

from certs import presentation
from certs.authority import new_authority, new_leaf
from certs.bundle import to_pem
from certs.files import ensure
from certs.inspection import Client, Found, authorities, inspect
from certs.lifetime import Lives
from certs.pair import Pair
from tests.certs.installation import asked_wrongly, run
from tests.certs.keys import known

NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
A, B = (new_authority(now=NOW, life=730 * DAY, random=known(number)) for number in (0x1234567890, 2))
LEAF = new_leaf(A, ["webhook.here.svc", "127.0.0.1"], now=NOW, life=90 * DAY, random=known(3))


def trust(*pairs: Pair, server_name: str = "") -> Client:
    return Client(who="mutating/m", authorities=tuple(pair.certificate for pair in pairs), server_name=server_name)


@pytest.mark.parametrize(
    ("trusts", "after", "verifies", "why"),
    [
        ([], 0, None, "there is nothing to verify it with"),
        ([trust(A)], 0, True, ""),
        ([trust(B, A)], 0, True, ""),
        ([trust(A, server_name="webhook.here.svc")], 0, True, ""),
        ([trust()], 0, False, "mutating/m trusts no authority"),
        ([trust(A)], 90, False, "it has ended"),
        ([trust(A)], -1, False, "it is not valid yet"),
        ([trust(A), trust()], 0, False, "mutating/m trusts no authority"),
    ],
    ids=["nobody", "its authority", "two", "by name", "nothing", "ended", "not yet", "one of two"],
)
def test_a_leaf_is_judged_by_everyone_who_has_to_accept_it(
    trusts: list[Client], after: int, *, verifies: bool | None, why: str
) -> None:
    judged = inspect(Found(place="here", kind="leaf", certificate=LEAF.certificate), trusts, NOW + after * DAY)
    assert (judged.verifies, judged.why) == (verifies, why)


@pytest.mark.parametrize(
    ("trusts", "asked_for", "beginning"),
    [
        (trust(B), "", "mutating/m refuses it as webhook.here.svc: "),
        (trust(A, server_name="another.here.svc"), "", "mutating/m refuses it as another.here.svc: "),
        (trust(A), "::1", "mutating/m refuses it as ::1: "),
    ],
    ids=["another authority", "another name", "asked for another name"],
)
def test_a_refusal_says_who_refuses_and_by_which_name(trusts: Client, asked_for: str, beginning: str) -> None:
    found = Found(place="here", kind="leaf", certificate=LEAF.certificate, asked_for=asked_for)
    judged = inspect(found, [trusts], NOW)
    assert judged.verifies is False
    assert judged.why.startswith(beginning)


@pytest.mark.parametrize(
    ("pem", "verifies", "why"),
    [
        (A.certificate_pem, True, ""),
        (LEAF.certificate_pem, False, "it is no authority"),
        (b"", False, "it is empty"),
        (b"garbled", False, "no certificate can be read"),
    ],
    ids=["authority", "leaf", "nothing", "bytes"],
)
def test_a_bundle_is_judged_by_itself(pem: bytes, *, verifies: bool, why: str) -> None:
    (found,) = authorities("here", pem)
    judged = inspect(found, [], NOW)
    assert (judged.verifies, judged.why) == (verifies, why)


def test_the_table_has_a_row_for_each_and_one_line_for_each_name() -> None:
    found = [
        *authorities("Secret here/webhook-ca ca.crt", to_pem([A.certificate])),
        Found(place="Secret here/webhook-tls tls.crt", kind="leaf", certificate=LEAF.certificate),
        *authorities("mutating/m", b""),
    ]
    table = presentation.as_table([inspect(each, [trust()], NOW) for each in found], NOW)
    ca_print, leaf_print = (pair.certificate.fingerprint(SHA256()).hex()[:16] for pair in (A, LEAF))
    lines = [line.split("  ") for line in table.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert cells == [
        ["WHERE", "KIND", "SUBJECT", "NAMES", "SHA-256", "ENDS", "LEFT", "VERIFIES"],
        [table.splitlines()[1]],
        [
            "Secret here/webhook-ca ca.crt",
            "ca",
            "CN=live-migration-webhook CA 00000000",
            "-",
            ca_print,
            "2032-01-01T00:00:00Z",
            "730d",
            "yes",
        ],
        [
            "Secret here/webhook-tls tls.crt",
            "leaf",
            "CN=live-migration-webhook",
            "webhook.here.svc",
            leaf_print,
            "2030-04-01T00:00:00Z",
            "90d",
            "no: mutating/m trusts no authority",
        ],
        ["127.0.0.1"],
        ["mutating/m", "ca", "-", "-", "-", "-", "-", "no: it is empty"],
    ]


def test_a_folder_that_was_ensured_verifies(tmp_path: Path) -> None:
    ensure(tmp_path, ["a.b.svc"], now=dt.datetime.now(dt.UTC), lives=Lives(), tell=pytest.fail)
    result = run("show", "--dir", str(tmp_path), "-o", "json")
    rows = json.loads(result.stdout)
    assert (result.returncode, result.stderr) == (0, "")
    assert [(row["place"], row["kind"], row.get("names"), row["verifies"]) for row in rows] == [
        (f"{tmp_path}/ca.crt", "ca", [], True),
        (f"{tmp_path}/tls.crt", "leaf", ["a.b.svc"], True),
    ]


def test_a_leaf_of_another_authority_is_exit_code_1(tmp_path: Path) -> None:
    ensure(tmp_path, ["a.b.svc"], now=dt.datetime.now(dt.UTC), lives=Lives(), tell=pytest.fail)
    other = new_authority(now=dt.datetime.now(dt.UTC), life=DAY)
    (tmp_path / "ca.crt").write_bytes(other.certificate_pem)
    result = run("show", "--dir", str(tmp_path))
    assert (result.returncode, result.stderr) == (1, "")
    assert f"no: {tmp_path}/ca.crt refuses it as a.b.svc: " in result.stdout


def test_a_server_that_does_not_answer_is_exit_code_1() -> None:
    result = run("show", "--address", "127.0.0.1:1", "-o", "json")
    assert (result.returncode, result.stderr) == (1, "")
    (row,) = json.loads(result.stdout)
    assert row["why"] == "it can't be asked: [Errno 111] Connection refused"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Error: say where to look: --namespace, --dir or --address\n"),
        (["--address", "host"], "Error: Invalid value for '--address': 'host' is not HOST:PORT\n"),
        (["--address", "host:99999"], "Error: Invalid value for '--address': 'host:99999' is not HOST:PORT\n"),
        (["--dir", "/no/such/folder"], "Directory '/no/such/folder' does not exist.\n"),
    ],
    ids=["nowhere", "no port", "no such port", "no folder"],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], message: str) -> None:
    assert asked_wrongly("show", *arguments).endswith(message)


def test_a_folder_without_files_is_exit_code_2(tmp_path: Path) -> None:
    assert f"Error: {tmp_path} can't be read: " in asked_wrongly("show", "--dir", str(tmp_path))

"""`certs run` and `certs show` against a real API server: what they say, and their exit codes."""

import json

import pytest

from testbed.api import JSON_PATCH
from testbed.waiting import until
from tests.certs.history import UNUSED_PORT
from tests.certs.installation import NAME, Installation, asked_wrongly, run
from tests.certs.leaf_server import LeafServer


def test_a_single_run_beside_a_keeper_finds_nothing_to_do(installation: Installation) -> None:
    installation.register(port=UNUSED_PORT)
    with installation.keeper() as keeper:
        until(keeper.is_ready, "ready")
        until(lambda: "" not in installation.bundles(), "installed")
        result = installation.once()
    assert (result.returncode, result.stderr) == (0, "")


def test_a_single_run_that_gets_nowhere_says_why_and_is_exit_code_1(installation: Installation) -> None:
    result = installation.once("--leaf-life", "4ms", "--ca-life", "1h", "--settle", "1ms", "--propagation", "1ms")
    assert (result.returncode, result.stdout) == (1, "")
    last = result.stderr.splitlines()[-1]
    assert last.startswith("Error: issue was done again and again, and still the leaf's life from ")


@pytest.mark.parametrize(
    ("further", "message"),
    [
        (["--ca-life", "100d"], "the authority must live at least three times as long as a leaf"),
        (["--settle", "40d"], "a third of a leaf's life must be longer than the time to settle"),
        (["--propagation", "20m"], "the time to settle must not be shorter than the propagation"),
        (["--tick", "61s"], "--tick must be a minute at most"),
        (["--dns", "a_b"], "'a_b' is neither a DNS name nor an IP address"),
        (["--service", "a_b"], "'a_b' is neither a DNS name nor an IP address"),
        (["--listen", "8080"], "Invalid value for '--listen': '8080' is not HOST:PORT"),
        (["--kubeconfig", "/dev/null"], "there is no API server to ask: "),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_wrong_usage_is_exit_code_2_and_one_sentence(
    installation: Installation, further: list[str], message: str
) -> None:
    assert f"Error: {message}" in asked_wrongly(*installation.arguments(*further))


def test_a_port_that_can_not_be_had_is_exit_code_2(installation: Installation) -> None:
    result = run(*installation.arguments("--listen", "192.0.2.1:8080"))
    assert (result.returncode, result.stdout) == (2, "")
    assert "Error: --listen: [Errno 99] Cannot assign requested address" in result.stderr


def test_show_tells_what_is_stored_trusted_and_served_and_what_does_not_verify(installation: Installation) -> None:
    with LeafServer(installation.api, installation.secret("tls"), lag=0) as server:
        installation.register(port=server.port)
        installation.once()
        until(lambda: bool(server.serials), "the leaf is served")
        where = ("--namespace", installation.namespace, "--name", NAME, "--kubeconfig", str(installation.kubeconfig))
        trust = ("--validating", installation.namespace, "--mutating", installation.namespace)
        asked = ("--address", f"127.0.0.1:{server.port}", "--server-name", f"{NAME}.{installation.namespace}.svc")
        result = run("show", *where, *trust, *asked, "-o", "json")
        rows = json.loads(result.stdout)
        assert result.returncode == 0
        assert [(row["place"], row["kind"], row["verifies"]) for row in rows] == [
            (f"Secret {installation.namespace}/{NAME}-ca ca.crt", "ca", True),
            (f"Secret {installation.namespace}/{NAME}-tls tls.crt", "leaf", True),
            (f"validating/{installation.namespace}", "ca", True),
            (f"mutating/{installation.namespace}", "ca", True),
            (f"127.0.0.1:{server.port}", "leaf", True),
        ]
        operation = {"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}
        installation.api.patch(installation.configuration("mutating"), [operation], kind=JSON_PATCH)
        result = run("show", *where, *trust, *asked, "-o", "json")
    assert result.returncode == 1
    hook = f"mutating/{installation.namespace} hook0.validate.live-migration-webhook"
    assert [(row["verifies"], row["why"]) for row in json.loads(result.stdout)] == [
        (True, ""),
        (False, f"{hook} trusts no authority"),
        (True, ""),
        (False, "it is empty"),
        (False, f"{hook} trusts no authority"),
    ]


def test_a_leaf_from_elsewhere_needs_no_authority_on_record(installation: Installation) -> None:
    installation.register(port=UNUSED_PORT)
    installation.once()
    where = ("--namespace", installation.namespace, "--name", NAME, "--kubeconfig", str(installation.kubeconfig))
    assert run("show", *where).returncode == 0
    installation.api.delete(installation.secret("ca"))
    result = run("show", *where, "--validating", installation.namespace, "-o", "json")
    assert result.returncode == 0
    assert [(row["kind"], row["verifies"], row["why"]) for row in json.loads(result.stdout)] == [
        ("ca", None, "it is missing: no keeper looks after the leaf"),
        ("leaf", True, ""),
        ("ca", True, ""),
    ]
    installation.api.delete(installation.secret("tls"))
    result = run("show", *where, "--validating", "nowhere", "-o", "json")
    assert (result.returncode, result.stdout) == (3, "")
    assert "Error: no right to get validatingwebhookconfigurations: a role needs " in result.stderr
    result = run("show", *where, "-o", "json")
    assert result.returncode == 1
    assert [row["why"] for row in json.loads(result.stdout)][1:] == ["it is missing"]


def test_an_api_server_that_is_not_there_is_exit_code_3(installation: Installation) -> None:
    elsewhere = installation.kubeconfig.with_name("elsewhere.kubeconfig")
    elsewhere.write_text(installation.kubeconfig.read_text().replace(installation.plane.server, "https://127.0.0.1:1"))
    results = [
        run(*installation.arguments("--once", "--kubeconfig", str(elsewhere))),
        run("show", "--namespace", installation.namespace, "--kubeconfig", str(elsewhere)),
    ]
    assert [(result.returncode, result.stdout) for result in results] == [(3, ""), (3, "")]


def test_a_keeper_without_an_api_server_is_alive_and_says_why_it_is_not_ready(installation: Installation) -> None:
    elsewhere = installation.kubeconfig.with_name("elsewhere.kubeconfig")
    elsewhere.write_text(installation.kubeconfig.read_text().replace(installation.plane.server, "https://127.0.0.1:1"))
    with installation.keeper("--kubeconfig", str(elsewhere)) as keeper:
        failures = "live_migration_webhook_certificate_keeper_failures_total"
        keeper.process.wait_until(
            lambda: "127.0.0.1:1" in keeper.process.last_lines() or "refused" in keeper.process.last_lines()
        )
        assert keeper.metric(failures) > 0
        assert keeper.get("/livez") == (200, "ok\n")
        status, why = keeper.get("/readyz")
        assert status == 503
        assert why == "https://127.0.0.1:1 can't be reached: [Errno 111] Connection refused\n"

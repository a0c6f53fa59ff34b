"""The keeper as a process with its own rights, against a real API server that verifies what is served."""

import base64
import datetime as dt
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from certs import stored
from certs.authority import new_authority, new_leaf
from certs.bundle import read_bundle
from certs.configurations import KINDS
from certs.record import Phase, Record
from tests.certs.installation import NAME, Callers, Installation, asked_wrongly, run
from tests.certs.leaf_server import LeafServer
from tests.certs.rights import let_write
from tests.controlplane.api import JSON_PATCH, Object

UNUSED_PORT = 1
"""Of webhooks that nobody calls in the test."""


def until(holds: Callable[[], bool], what: str, *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def store(installation: Installation, suffix: str, content: dict[str, Any], kind: str = "Opaque") -> None:
    """Put a Secret there as an administrator."""
    name = installation.secret(suffix).rpartition("/")[2]
    data = {key: value for key, value in content["data"].items() if value}
    metadata = {**content.get("metadata", {}), "name": name}
    path = installation.secret(suffix).rpartition("/")[0]
    installation.api.post(path, {"metadata": metadata, "type": kind, "data": data})


def install_long_ago(installation: Installation) -> Record:
    """Put an authority there that is due, and a leaf of it that is not."""
    now = dt.datetime.now(dt.UTC)
    past = now - dt.timedelta(days=600)
    authority = new_authority(now=past, life=dt.timedelta(days=730))
    names = ["webhook", f"webhook.{installation.namespace}", f"webhook.{installation.namespace}.svc"]
    leaf = new_leaf(authority, [*names, f"{names[2]}.cluster.local"], now=now, life=dt.timedelta(days=90))
    record = Record(current=authority, since=past)
    store(installation, "ca", stored.authority_secret(record))
    store(installation, "tls", stored.leaf_secret(leaf, authority), "kubernetes.io/tls")
    return record


def trusted(installation: Installation) -> list[int]:
    """Return the serial numbers of the authorities that every webhook trusts."""
    (bundle,) = installation.bundles()
    return [certificate.serial_number for certificate in read_bundle(base64.b64decode(bundle))]


def serial(record: Record | None) -> int:
    assert record
    assert record.current
    return record.current.certificate.serial_number


def is_rotated(installation: Installation, from_: Record) -> bool:
    """Whether another authority signs and is the only one that is trusted."""
    record = installation.record()
    return (
        record is not None
        and record.phase is Phase.STABLE
        and serial(record) != serial(from_)
        and installation.bundles()
        == {base64.b64encode(record.current.certificate_pem).decode() if record.current else ""}
    )


def test_a_first_start_makes_authority_leaf_and_caBundle_with_rights_to_named_objects_alone(  # noqa: N802
    installation: Installation,
) -> None:
    installation.register(port=UNUSED_PORT, webhooks=2)
    result = installation.once()
    assert (result.returncode, result.stdout) == (0, "")
    steps = [json.loads(line).get("step") for line in result.stderr.splitlines()]
    assert steps == ["begin", "issue", "publish"]
    secrets = [installation.api.get(installation.secret(suffix)) for suffix in ("ca", "tls")]
    assert [each["type"] for each in secrets] == ["Opaque", "kubernetes.io/tls"]
    assert [sorted(each["data"]) for each in secrets] == [["ca.crt", "ca.key"], ["ca.crt", "tls.crt", "tls.key"]]
    assert installation.bundles() == {secrets[0]["data"]["ca.crt"]}


def test_a_second_start_changes_nothing(installation: Installation) -> None:
    installation.register(port=UNUSED_PORT)
    installation.once()
    paths = [
        *map(installation.secret, ("ca", "tls")),
        *map(installation.configuration, KINDS),
    ]
    before = [installation.api.get(path)["metadata"]["resourceVersion"] for path in paths]
    result = installation.once()
    assert (result.returncode, result.stderr) == (0, "")
    assert [installation.api.get(path)["metadata"]["resourceVersion"] for path in paths] == before


def test_an_authority_is_rotated_while_every_call_passes(installation: Installation) -> None:
    before = install_long_ago(installation)
    with LeafServer(installation.api, installation.secret("tls"), lag=1) as server:
        installation.register(port=server.port)
        callers = Callers(installation)
        with installation.keeper():
            until(lambda: not callers.call(), "the first call passes")
            with callers:
                until(lambda: is_rotated(installation, before), "the authority is rotated")
                after = callers.passed
                until(lambda: callers.passed > after + 20, "calls after the rotation")
    assert callers.lost == []
    assert len(server.serials) == 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """Where a keeper comes to a halt: what it may write, how patient it is, and how the halt is seen."""

    secrets: tuple[str, ...] = ("ca", "tls")
    configurations: tuple[str, ...] = ("validating", "mutating")
    patience: tuple[str, ...] = ()
    phase: Phase
    trusting: dict[str, int]
    """Number of authorities in each configuration."""
    leaves: int
    """Number of leaves that were served."""


INTERRUPTIONS = {
    "the next authority is not published": Interruption(
        configurations=(), phase=Phase.PREPARED, trusting={"validating": 1, "mutating": 1}, leaves=1
    ),
    "it is published in one of two configurations": Interruption(
        configurations=("validating",), phase=Phase.PREPARED, trusting={"validating": 2, "mutating": 1}, leaves=1
    ),
    "it is published": Interruption(
        patience=("--propagation", "1h", "--settle", "1h"),
        phase=Phase.PUBLISHED,
        trusting={"validating": 2, "mutating": 2},
        leaves=1,
    ),
    "it signs, and has signed no leaf": Interruption(
        secrets=("ca",), phase=Phase.SWITCHED, trusting={"validating": 2, "mutating": 2}, leaves=1
    ),
    "its leaf is served": Interruption(
        patience=("--settle", "1h"), phase=Phase.SWITCHED, trusting={"validating": 2, "mutating": 2}, leaves=2
    ),
    "the old authority is retired, and still trusted": Interruption(
        configurations=(), phase=Phase.STABLE, trusting={"validating": 2, "mutating": 2}, leaves=2
    ),
}


def test_a_keeper_killed_between_any_two_steps_is_resumed_while_every_call_passes(installation: Installation) -> None:
    before = install_long_ago(installation)
    with LeafServer(installation.api, installation.secret("tls"), lag=1) as server:
        installation.register(port=server.port)
        installation.publish(before)
        callers = Callers(installation)
        until(lambda: not callers.call(), "the first call passes")
        with callers:
            for situation, at in INTERRUPTIONS.items():
                let_write(
                    installation.api,
                    installation.namespace,
                    NAME,
                    secrets=at.secrets,
                    configurations=at.configurations,
                )
                with installation.keeper(*at.patience) as keeper:
                    until(partial(is_halted, installation, server, at), situation)
                    keeper.process.kill()
            let_write(installation.api, installation.namespace, NAME)
            with installation.keeper():
                until(lambda: is_rotated(installation, before), "the authority is rotated")
            after = callers.passed
            until(lambda: callers.passed > after + 20, "calls after the rotation")
    assert callers.lost == []
    assert len(server.serials) == 2


def has_served(server: LeafServer, leaves: int) -> bool:
    return len(server.serials) == leaves


def is_halted(installation: Installation, server: LeafServer, at: Interruption) -> bool:
    trusting = {
        phase: len(read_bundle(base64.b64decode(bundle))) for phase, bundle in installation.bundle_of_each().items()
    }
    return (installation.phase(), trusting, len(server.serials)) == (at.phase, at.trusting, at.leaves)


@pytest.mark.parametrize("suffix", ["tls", "ca"])
def test_a_deleted_secret_is_made_again_while_every_call_passes(installation: Installation, suffix: str) -> None:
    with LeafServer(installation.api, installation.secret("tls"), lag=1) as server:
        installation.register(port=server.port)
        callers = Callers(installation)
        with installation.keeper():
            until(lambda: not callers.call(), "the first call passes")
            first = installation.record()
            assert first
            with callers:
                for number in range(3 if suffix == "tls" else 1):
                    installation.api.delete(installation.secret(suffix))
                    until(partial(has_served, server, number + 2), "another leaf is served")
                until(lambda: installation.phase() is Phase.STABLE, "the rotation ends")
    assert callers.lost == []
    assert (serial(installation.record()) == serial(first)) == (suffix == "tls")


def test_a_garbled_authority_is_told_and_replaced_while_both_are_trusted(installation: Installation) -> None:
    installation.register(port=UNUSED_PORT)
    installation.once()
    (former,) = trusted(installation)
    installation.api.patch(installation.secret("ca"), {"data": {"ca.key": base64.b64encode(b"garbled").decode()}})
    result = installation.once("--propagation", "1h", "--settle", "1h")
    assert result.returncode == 0
    first, *_ = (json.loads(line) for line in result.stderr.splitlines())
    assert first["event"] == "the Secret can't be read: ca.crt and ca.key: the key is no readable PEM"
    record = installation.record()
    assert record
    assert record.next
    assert trusted(installation) == [former, record.next.certificate.serial_number]


def test_a_caBundle_that_somebody_overwrote_is_written_again(installation: Installation) -> None:  # noqa: N802
    installation.register(port=UNUSED_PORT, webhooks=2)
    with installation.keeper() as keeper:
        until(lambda: installation.phase() is Phase.STABLE and "" not in installation.bundles(), "installed")
        wanted = installation.bundles()
        operation = {"op": "replace", "path": "/webhooks/1/clientConfig/caBundle", "value": "Zm9yZWlnbg=="}
        installation.api.patch(installation.configuration("mutating"), [operation], kind=JSON_PATCH)
        until(lambda: installation.bundles() == wanted, "healed")
        until(keeper.is_ready, "ready")


def test_a_configuration_that_comes_later_is_told_and_trusted_then(installation: Installation) -> None:
    with installation.keeper() as keeper:
        until(keeper.is_ready, "ready")
        metric = 'live_migration_webhook_ca_bundle_in_sync{{configuration="{}/' + installation.namespace + '"}}'
        assert [keeper.metric(metric.format(phase)) for phase in KINDS] == [0, 0]
        assert (
            f"the webhook configuration validating/{installation.namespace} is missing" in keeper.process.last_lines()
        )
        installation.register(port=UNUSED_PORT)
        until(lambda: [keeper.metric(metric.format(phase)) for phase in KINDS] == [1, 1], "in sync")


def test_metrics_tell_when_certificates_end_and_how_far_a_rotation_is(installation: Installation) -> None:
    record = install_long_ago(installation)
    installation.register(port=UNUSED_PORT)
    prefix = "live_migration_webhook_certificate"
    with installation.keeper("--propagation", "1h", "--settle", "1h") as keeper:
        until(lambda: installation.phase() is Phase.PUBLISHED, "published")
        until(lambda: keeper.metric(f'{prefix}_rotation_phase{{phase="published"}}') == 1, "told")
        phases = [keeper.metric(f'{prefix}_rotation_phase{{phase="{phase}"}}') for phase in Phase]
        ends = [keeper.metric(f'{prefix}_not_after_timestamp_seconds{{kind="{kind}"}}') for kind in ("ca", "leaf")]
    leaf = stored.read(None, installation.api.get(installation.secret("tls"))).leaf
    assert leaf
    assert record.current
    assert phases == [0, 0, 1, 0]
    assert ends == [each.certificate.not_valid_after_utc.timestamp() for each in (record.current, leaf)]


def managers(found: Object) -> dict[str, Any]:
    """Return the fields of each manager."""
    return {each["manager"]: each["fieldsV1"] for each in found["metadata"]["managedFields"]}


def apply(installation: Installation, webhooks: list[Object]) -> Object:
    """Apply the validating configuration as a GitOps tool does."""
    body = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": KINDS["validating"],
        "metadata": {"name": installation.namespace},
        "webhooks": webhooks,
    }
    path = f"{installation.configuration('validating')}?fieldManager=gitops"
    return installation.api.patch(path, body, kind="application/apply-patch+yaml")


def test_a_gitops_tool_keeps_its_fields_and_may_add_and_drop_webhooks(installation: Installation) -> None:
    hooks = [installation.webhook(number, UNUSED_PORT) for number in range(3)]
    apply(installation, hooks[:2])
    assert installation.once().returncode == 0
    ours = managers(installation.api.get(installation.configuration("validating")))["live-migration-webhook-certs"]
    names = [f'k:{{"name":"{hook["name"]}"}}' for hook in hooks]
    assert ours == {"f:webhooks": {name: {"f:clientConfig": {"f:caBundle": {}}} for name in names[:2]}}
    version = installation.api.get(installation.configuration("validating"))["metadata"]["resourceVersion"]
    assert apply(installation, hooks[:2])["metadata"]["resourceVersion"] == version
    changed = apply(installation, [hooks[2], hooks[1]])
    assert ["caBundle" in hook["clientConfig"] for hook in changed["webhooks"]] == [False, True]
    installation.once()
    healed = installation.api.get(installation.configuration("validating"))["webhooks"]
    assert [hook["name"] for hook in healed] == [hooks[2]["name"], hooks[1]["name"]]
    assert len({hook["clientConfig"]["caBundle"] for hook in healed}) == 1


def leaders(*keepers: Any) -> list[float]:
    return [keeper.metric("live_migration_webhook_certificate_keeper_leader") for keeper in keepers]


def test_of_two_keepers_one_writes_and_the_other_takes_over(installation: Installation) -> None:
    installation.register(port=UNUSED_PORT)
    lease = ("--lease", "3s")
    with installation.keeper(*lease, identity="first") as first:
        until(first.is_ready, "the first is ready")
        with installation.keeper(*lease, identity="second") as second:
            until(second.is_ready, "the second is ready")
            assert leaders(first, second) == [1, 0]
            assert second.metric('live_migration_webhook_certificate_keeper_steps_total{step="begin"}') == 0
            first.process.stop()
            assert first.process._running
            assert first.process._running.returncode == 0
            until(lambda: leaders(second) == [1], "the second takes over at once")
            with installation.keeper(*lease, identity="third") as third:
                until(third.is_ready, "the third is ready")
                second.process.kill()
                until(lambda: leaders(third) == [1], "the third takes over when the Lease has run out")
    spec = installation.api.get(installation.lease)["spec"]
    assert (spec["holderIdentity"], spec["leaseTransitions"]) == ("", 2)


def test_a_keeper_that_is_not_the_holder_says_so_and_ends(installation: Installation) -> None:
    installation.register(port=UNUSED_PORT)
    with installation.keeper() as keeper:
        until(keeper.is_ready, "ready")
        result = installation.once("--identity", "another")
    assert result.returncode == 0
    assert json.loads(result.stderr)["event"] == "another keeper holds the Lease"
    assert json.loads(result.stderr)["holder"] == "keeper"


def test_a_configuration_that_can_not_be_written_does_not_keep_a_leaf_from_being_made(
    installation: Installation,
) -> None:
    installation.register(port=UNUSED_PORT)
    let_write(installation.api, installation.namespace, NAME, configurations=())
    until(lambda: installation.once().returncode == 3, "the right is gone")
    assert stored.read(None, installation.api.get(installation.secret("tls"))).leaf


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
    assert 'validatingwebhookconfigurations.admissionregistration.k8s.io "nowhere" is forbidden' in result.stderr
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
        assert why.startswith(f"GET /apis/coordination.k8s.io/v1/namespaces/{installation.namespace}/leases/")

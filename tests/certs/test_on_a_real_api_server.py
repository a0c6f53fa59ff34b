"""The keeper as a process with its own rights on a real API server: what it makes, heals and leaves to others."""

import base64
import json
from typing import Any

from certs import stored
from certs.record import Phase
from testbed.api import JSON_PATCH, Object
from testbed.waiting import until
from tests.certs.history import UNUSED_PORT, install_long_ago, is_rotated, trusted
from tests.certs.installation import NAME, Installation
from tests.certs.rights import let_write
from webhook.kube.resources import WEBHOOK_CONFIGURATIONS


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
        *map(installation.configuration, WEBHOOK_CONFIGURATIONS),
    ]
    before = [installation.api.get(path)["metadata"]["resourceVersion"] for path in paths]
    result = installation.once()
    assert (result.returncode, result.stderr) == (0, "")
    assert [installation.api.get(path)["metadata"]["resourceVersion"] for path in paths] == before


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
        assert [keeper.metric(metric.format(phase)) for phase in WEBHOOK_CONFIGURATIONS] == [0, 0]
        assert (
            f"the webhook configuration validating/{installation.namespace} is missing" in keeper.process.last_lines()
        )
        installation.register(port=UNUSED_PORT)
        until(lambda: [keeper.metric(metric.format(phase)) for phase in WEBHOOK_CONFIGURATIONS] == [1, 1], "in sync")


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
        "kind": WEBHOOK_CONFIGURATIONS["validating"].name,
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


def test_two_keepers_at_once_rotate_an_authority_together_and_either_alone(installation: Installation) -> None:
    before = install_long_ago(installation)
    installation.register(port=UNUSED_PORT)
    with installation.keeper() as first, installation.keeper() as second:
        until(lambda: is_rotated(installation, before), "the authority is rotated")
        until(lambda: first.is_ready() and second.is_ready(), "both are ready")
        first.process.stop()
        assert first.process._running
        assert first.process._running.returncode == 0
        installation.api.delete(installation.secret("tls"))
        until(lambda: installation.api.exists(installation.secret("tls")), "the second goes on alone")
        metric = 'live_migration_webhook_ca_bundle_in_sync{configuration="validating/' + installation.namespace + '"}'
        assert second.metric(metric) == 1


def test_a_configuration_that_can_not_be_written_does_not_keep_a_leaf_from_being_made(
    installation: Installation,
) -> None:
    installation.register(port=UNUSED_PORT)
    let_write(installation.api, installation.namespace, NAME, configurations=())
    until(lambda: installation.once().returncode == 3, "the right is gone")
    assert stored.read(None, installation.api.get(installation.secret("tls"))).leaf

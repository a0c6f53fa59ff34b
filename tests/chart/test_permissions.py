"""What the release's service accounts may do: what they need, by name where there is a name, and nothing else."""

from collections.abc import Iterable, Iterator

import pytest

from testbed.chart import Object, Values, of_kind, render
from webhook.state.kinds import KINDS

Rights = set[tuple[str, str, str, str]]
"""API group, resource, name ("" for all) and verb."""


def rights(objects: Iterable[Object], name: str, kind: str) -> Rights:
    """Return what a role allows; none when there is no such role."""
    roles = (role for role in of_kind(objects, kind) if role["metadata"]["name"] == name)
    return {right for role in roles for rule in role["rules"] for right in _rights(rule)}


def _rights(rule: Object) -> Iterator[tuple[str, str, str, str]]:
    for group in rule["apiGroups"]:
        for resource in rule["resources"]:
            for name in rule.get("resourceNames", [""]):
                yield from ((group, resource, name, verb) for verb in rule["verbs"])


def reading(kinds: Iterable[tuple[str, str]]) -> Rights:
    return {(group, plural, "", verb) for group, plural in kinds for verb in ("get", "list", "watch")}


EVENTS: Rights = {("", "events", "", "create"), ("", "events", "", "patch")}


def test_the_service_may_read_what_the_rules_read_and_write_events() -> None:
    allowed = rights(render(), "live-migration-webhook", "ClusterRole")

    assert allowed == reading((kind.group, kind.plural) for kind in KINDS) | EVENTS


def test_without_events_the_service_may_only_read() -> None:
    allowed = rights(render({"settings": {"events": False}}), "live-migration-webhook", "ClusterRole")

    assert {verb for *_, verb in allowed} == {"get", "list", "watch"}


def test_the_keeper_may_touch_its_own_objects_and_no_others() -> None:
    objects = render(release="blue-live-migration-webhook")
    name = "blue-live-migration-webhook"

    assert rights(objects, f"{name}-certs", "Role") == {
        *(("", "secrets", f"{name}-{secret}", verb) for secret in ("ca", "tls") for verb in ("get", "create", "patch")),
    }
    assert rights(objects, f"{name}-certs", "ClusterRole") == {
        ("admissionregistration.k8s.io", f"{phase}webhookconfigurations", name, verb)
        for phase in ("validating", "mutating")
        for verb in ("get", "patch")
    }


EXISTING_SECRET = {"source": "existing-secret", "existingSecret": {"name": "mine", "annotations": {"a": "b"}}}


@pytest.mark.parametrize(
    "certificates", [{"source": "cert-manager"}, EXISTING_SECRET], ids=["cert-manager", "existing"]
)
def test_without_a_keeper_no_one_may_read_secrets(certificates: Values) -> None:
    objects = render({"certificates": certificates}, apis=["cert-manager.io/v1"])
    roles = of_kind(objects, "Role", "ClusterRole")

    assert {resource for role in roles for rule in role["rules"] for resource in rule["resources"]} == {
        "events",
        "mutatingwebhookconfigurations",
        "validatingwebhookconfigurations",
        *(kind.plural for kind in KINDS),
    }


def test_every_role_is_bound_to_the_account_that_pods_run_as() -> None:
    objects = render({"serviceAccount": {"name": "mine"}})
    accounts = {each["metadata"]["name"] for each in of_kind(objects, "ServiceAccount")}
    running = {each["spec"]["template"]["spec"]["serviceAccountName"] for each in of_kind(objects, "Deployment")}
    bound = {
        (each["roleRef"]["name"], subject["name"])
        for each in of_kind(objects, "ClusterRoleBinding", "RoleBinding")
        for subject in each["subjects"]
    }

    assert accounts == running == {"mine", "live-migration-webhook-certs"}
    assert bound == {
        ("live-migration-webhook", "mine"),
        ("live-migration-webhook-certs", "live-migration-webhook-certs"),
    }


def test_an_owner_may_read_what_is_in_a_namespace_and_an_operator_what_the_plugin_reads() -> None:
    objects = render()
    owner = rights(objects, "live-migration-webhook-owner", "ClusterRole")
    operator = rights(objects, "live-migration-webhook-operator", "ClusterRole")
    in_a_namespace = {(kind.group, kind.plural) for kind in KINDS if kind.namespaced} - {("kubevirt.io", "kubevirts")}

    assert owner == reading(in_a_namespace) | reading([("", "events")])
    assert operator >= reading((kind.group, kind.plural) for kind in KINDS)
    assert {verb for *_, verb in operator} == {"get", "list", "watch"}


def test_an_owners_rights_are_part_of_view_only_where_that_is_wanted() -> None:
    label = "rbac.authorization.k8s.io/aggregate-to-view"
    for wanted in (False, True):
        objects = of_kind(render({"roles": {"aggregateToView": wanted}}), "ClusterRole")
        labelled = [each["metadata"]["name"] for each in objects if label in each["metadata"]["labels"]]
        assert labelled == (["live-migration-webhook-owner"] if wanted else [])
    assert not [
        each
        for each in of_kind(render({"roles": {"enabled": False}}), "ClusterRole")
        if each["metadata"]["name"].endswith("-owner")
    ]

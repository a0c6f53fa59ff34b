"""The webhook configurations: what is registered, as narrowly as the hooks judge."""

import itertools

import pytest

from testbed.chart import NAMESPACE, Object, Values, of_kind, render
from webhook.admission.hooks import HOOKS

CONFIGURATIONS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
NAMES = {
    "validateMigrations": "migration.validate.live-migration-webhook",
    "validateVirtualMachines": "vm.validate.live-migration-webhook",
    "mutateMigrations": "migration.mutate.live-migration-webhook",
    "mutatePods": "pod.mutate.live-migration-webhook",
}


def hooks(values: Values | None = None, *, apis: tuple[str, ...] = ()) -> dict[str, Object]:
    """Return the rendered hooks by their names."""
    configurations = of_kind(render(values, apis=apis), *CONFIGURATIONS)
    return {hook["name"]: hook for configuration in configurations for hook in configuration["webhooks"]}


def test_what_is_registered_is_what_the_service_judges() -> None:
    registered = {
        (name, hook["clientConfig"]["service"]["path"], group, resource, operation)
        for name, hook in hooks().items()
        for rule in hook["rules"]
        for group, resource, operation in itertools.product(rule["apiGroups"], rule["resources"], rule["operations"])
    }

    assert registered == {
        (hook.name, hook.path, hook.group, resource, operation)
        for hook in HOOKS
        for resource, operation in itertools.product(hook.resources, hook.operations)
    }


def test_a_migration_can_be_changed_and_deleted_without_being_judged() -> None:
    operations = {
        operation
        for hook in hooks().values()
        for rule in hook["rules"]
        if any("migrations" in resource for resource in rule["resources"])
        for operation in rule["operations"]
    }

    assert operations == {"CREATE"}


def test_nothing_but_kubevirt_objects_and_pods_is_registered() -> None:
    resources = {resource for hook in hooks().values() for rule in hook["rules"] for resource in rule["resources"]}

    assert resources == {"virtualmachineinstancemigrations", "virtualmachines", "virtualmachineinstances", "pods"}


def test_only_virt_launcher_pods_are_sent() -> None:
    assert hooks()["pod.mutate.live-migration-webhook"]["objectSelector"] == {
        "matchLabels": {"kubevirt.io": "virt-launcher"}
    }


def test_the_releases_own_namespace_kube_system_and_those_that_opt_out_are_left_alone() -> None:
    selectors = [hook["namespaceSelector"] for hook in hooks().values()]

    assert selectors == 4 * [
        {
            "matchExpressions": [
                {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [NAMESPACE, "kube-system"]},
                {"key": "live-migration-webhook/ignore", "operator": "NotIn", "values": ["true"]},
            ]
        }
    ]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("failurePolicy", 4 * ["Ignore"]),
        ("timeoutSeconds", [3, 5, 2, 2]),
        ("matchPolicy", 4 * ["Equivalent"]),
        ("admissionReviewVersions", 4 * [["v1"]]),
        ("sideEffects", ["NoneOnDryRun", "None", "NoneOnDryRun", "None"]),
        ("reinvocationPolicy", [None, None, "Never", "IfNeeded"]),
    ],
)
def test_every_hook_is_called_as_safely_as_it_can_be(field: str, expected: list[object]) -> None:
    registered = hooks()

    assert [registered[name].get(field) for name in NAMES.values()] == expected


@pytest.mark.parametrize("source", ["self-signed", "cert-manager"])
def test_a_ca_bundle_that_somebody_else_keeps_is_not_rendered(source: str) -> None:
    registered = hooks({"certificates": {"source": source}}, apis=("cert-manager.io/v1",))

    assert ["caBundle" in hook["clientConfig"] for hook in registered.values()] == 4 * [False]


@pytest.mark.parametrize("hook", NAMES)
def test_each_hook_can_be_left_out(hook: str) -> None:
    assert set(NAMES.values()) - set(hooks({"webhooks": {hook: {"enabled": False}}})) == {NAMES[hook]}


def test_without_hooks_there_is_no_configuration() -> None:
    disabled = {hook: {"enabled": False} for hook in NAMES}

    assert of_kind(render({"webhooks": disabled}), *CONFIGURATIONS) == []


@pytest.mark.parametrize("hook", NAMES)
def test_each_hook_takes_further_conditions(hook: str) -> None:
    team = {"key": "team", "operator": "Exists"}
    condition = {"name": "not-mine", "expression": "true"}
    settings = {
        "timeoutSeconds": 3,
        "namespaceSelector": {"matchLabels": {"tier": "production"}, "matchExpressions": [team]},
        "objectSelector": {"matchLabels": {"app": "web"}},
        "matchConditions": [condition],
    }
    found = hooks({"webhooks": {hook: settings}})[NAMES[hook]]

    assert found["timeoutSeconds"] == 3
    assert found["namespaceSelector"]["matchLabels"] == {"tier": "production"}
    assert found["namespaceSelector"]["matchExpressions"][2:] == [team]
    assert found["objectSelector"]["matchLabels"]["app"] == "web"
    assert found["matchConditions"][-1] == condition


@pytest.mark.parametrize("hook", ["validateMigrations", "validateVirtualMachines"])
def test_a_validating_hook_can_be_made_strict(hook: str) -> None:
    registered = hooks({"webhooks": {hook: {"failurePolicy": "Fail"}}})

    assert {name for name, each in registered.items() if each["failurePolicy"] == "Fail"} == {NAMES[hook]}


def test_the_api_server_can_call_an_address_instead_of_the_service() -> None:
    registered = hooks({"webhooks": {"url": "https://lmw.example.com:8443/"}})

    assert registered["pod.mutate.live-migration-webhook"]["clientConfig"] == {
        "url": "https://lmw.example.com:8443/mutate/pods"
    }


def test_the_authority_of_an_existing_secret_is_registered() -> None:
    authority = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
    given = {"source": "existing-secret", "existingSecret": {"name": "mine", "caBundle": authority}}

    bundles = {hook["clientConfig"]["caBundle"] for hook in hooks({"certificates": given}).values()}

    assert bundles == {"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1BPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="}


@pytest.mark.parametrize(
    ("certificates", "annotations"),
    [
        pytest.param(
            {"source": "cert-manager"},
            {"cert-manager.io/inject-ca-from": "live-migration-webhook/live-migration-webhook"},
            id="cert-manager",
        ),
        pytest.param(
            {"source": "existing-secret", "existingSecret": {"name": "mine", "annotations": {"inject": "mine"}}},
            {"inject": "mine"},
            id="existing secret",
        ),
        pytest.param({"source": "self-signed"}, None, id="self-signed"),
    ],
)
def test_who_puts_the_ca_bundle_there_is_told_by_annotations(
    certificates: Values, annotations: dict[str, str] | None
) -> None:
    objects = render({"certificates": certificates}, apis=["cert-manager.io/v1"])

    assert [each["metadata"].get("annotations") for each in of_kind(objects, *CONFIGURATIONS)] == 2 * [annotations]

"""The values: documented, closed, and the settings among them are those that the service knows."""

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
import yaml

from testbed.chart import CHART, ChartError, Object, Values, of_kind, render
from tools import chart_readme as document
from webhook.engine.policy import Enforcement, Mode
from webhook.engine.restrictions import ALL
from webhook.settings.settings import Settings, load

DOCUMENTED = {
    value.path: json.loads(value.default) for value in document.documented((CHART / "values.yaml").read_text())
}
SCHEMA = json.loads((CHART / "values.schema.json").read_text())

FROM_THE_CHART = {"listen", "probe_listen", "tls_dir", "worker_tmp_dir", "client_ca_file"}
"""Settings that the chart itself decides."""
FOR_COMMANDS = {"cluster", "kubeconfig", "context"}
"""Settings that mean nothing in a pod."""


def environment(values: Values | None = None) -> dict[str, str]:
    """Return the environment variables of the service."""
    service = next(
        each for each in of_kind(render(values), "Deployment") if not each["metadata"]["name"].endswith("-certs")
    )
    [container] = service["spec"]["template"]["spec"]["containers"]
    return {variable["name"]: variable["value"] for variable in container["env"]}


def test_every_value_is_described_in_the_readme() -> None:
    readme = (CHART / "README.md").read_text()

    assert document.with_table(readme, (CHART / "values.yaml").read_text()) == readme


def test_a_value_without_a_description_is_an_error() -> None:
    with pytest.raises(document.UndocumentedError) as error:
        document.documented("# Described.\na: 1\ngroup:\n  b: 2\n")

    assert str(error.value) == "group.b has no comment"


def test_a_group_is_described_as_a_whole_or_value_by_value() -> None:
    rows = document.table("# A and\n# more | less.\na: {x: 1}\ngroup:\n  # B.\n  b: true\n").splitlines()[2:]

    assert rows == ['| `a` | `{"x": 1}` | A and more \\| less. |', "| `group.b` | `true` | B. |"]


def test_the_schema_knows_the_values_and_no_others() -> None:
    assert set(paths_of(SCHEMA)) == set(DOCUMENTED)


def paths_of(schema: Object, prefix: str = "") -> Iterator[str]:
    """Yield the paths of the values that the schema describes, as far down as they are documented."""
    for name, part in resolve(schema).get("properties", {}).items():
        path = f"{prefix}{name}"
        inner = () if path in DOCUMENTED else tuple(paths_of(part, f"{path}."))
        yield from inner or (path,)


def resolve(schema: Object) -> Object:
    """Follow a reference into the definitions."""
    reference = schema.get("$ref", "")
    found: Object = SCHEMA["$defs"][reference.removeprefix("#/$defs/")] if reference else schema
    return found


def objects_of(schema: Any, path: str = "") -> Iterator[tuple[str, Object]]:
    """Yield every part of the schema that describes an object with properties."""
    if isinstance(schema, dict):
        if "properties" in schema and isinstance(schema["properties"], dict):
            yield path, schema
        for name, part in schema.items():
            yield from objects_of(part, f"{path}/{name}")


def test_the_schema_is_closed_everywhere() -> None:
    opened = [path for path, part in objects_of(SCHEMA) if part.get("additionalProperties") is not False]

    # Rancher gives values of its own there.
    assert opened == ["/properties/global", "/properties/global/properties/cattle"]


@pytest.mark.parametrize("group", sorted({path.rpartition(".")[0] for path in DOCUMENTED} - {"global.cattle"}))
def test_an_unknown_value_is_refused_wherever_it_is(group: str) -> None:
    values: Object = {"unheardOf": 1}
    for name in reversed(group.split(".") if group else []):
        values = {name: values}

    with pytest.raises(ChartError, match="additional properties 'unheardOf' not allowed"):
        render(values)


WRONG: dict[str, tuple[Values, str]] = {
    "a hook that fails half": (
        {"webhooks": {"validateMigrations": {"failurePolicy": "Maybe"}}},
        "value must be one of 'Ignore', 'Fail'",
    ),
    "a pod that could be held up": (
        {"webhooks": {"mutatePods": {"failurePolicy": "Fail"}}},
        "additional properties 'failurePolicy' not allowed",
    ),
    "an answer that takes too long": (
        {"webhooks": {"mutatePods": {"timeoutSeconds": 30}}},
        "maximum: got 30, want 10",
    ),
    "an unsafe address": ({"webhooks": {"url": "http://lmw"}}, "'http://lmw' does not match pattern"),
    "an address with a path": ({"webhooks": {"url": "https://lmw/path"}}, "'https://lmw/path' does not match pattern"),
    "a privileged port": ({"ports": {"https": 443}}, "minimum: got 443, want 1,024"),
    "an unknown profile": ({"settings": {"profile": "vmware"}}, "value must be one of 'harvester', 'kubevirt', 'auto'"),
    "an unknown strictness": (
        {"settings": {"enforcement": {"cd-rom": "maybe"}}},
        "value must be one of 'deny', 'warn', 'off', false",
    ),
    "a digest that is a tag": ({"image": {"digest": "latest"}}, "'latest' does not match pattern"),
    "an unknown source of certificates": (
        {"certificates": {"source": "vault"}},
        "value must be one of 'self-signed', 'cert-manager', 'existing-secret'",
    ),
}


@pytest.mark.parametrize(("values", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_refused(values: Values, message: str) -> None:
    with pytest.raises(ChartError) as refusal:
        render(values)

    assert message in str(refusal.value)


def test_the_settings_are_those_that_the_service_knows() -> None:
    known = {each.name for each in fields(Settings)}
    rendered = {name.removeprefix("LIVE_MIGRATION_WEBHOOK_").lower() for name in environment()}

    assert rendered == known - FOR_COMMANDS - {"client_ca_file"}


def test_the_defaults_are_those_of_the_service() -> None:
    rendered, own = load({}, environment()), Settings()

    assert {
        each.name: getattr(rendered, each.name) for each in fields(Settings) if each.name not in FROM_THE_CHART
    } == {each.name: getattr(own, each.name) for each in fields(Settings) if each.name not in FROM_THE_CHART}


def test_settings_reach_the_service_as_they_are_meant() -> None:
    # Bare `off` is false in YAML.
    settings = {
        "enforcement": {"cd-rom": False, "pci-device": "warn"},
        "controllerEnforcement": False,
        "maxInFlight": 2,
    }
    ports = {"address": "[::]", "https": 10250, "http": 10251}
    values = {"settings": settings, "ports": ports, "certificates": {"clientAuthority": "api-server"}}

    loaded = load({}, environment(values))

    assert loaded.enforcement == {"cd-rom": Enforcement.OFF, "pci-device": Enforcement.WARN}
    assert loaded.controller_enforcement == Enforcement.OFF
    assert loaded.max_in_flight == 2
    assert (loaded.listen, loaded.probe_listen) == (("::", 10250), ("::", 10251))
    assert loaded.client_ca_file == "/etc/live-migration-webhook/client-authority/ca.crt"


def test_questions_ask_for_values_that_exist_and_offer_their_defaults() -> None:
    questions = yaml.safe_load((CHART / "questions.yaml").read_text())["questions"]
    asked = [*questions, *(each for question in questions for each in question.get("subquestions", []))]

    assert {each["variable"]: each["default"] for each in asked} == {
        each["variable"]: DOCUMENTED.get(each["variable"], "no such value") for each in asked
    }


def test_the_schema_knows_the_restrictions() -> None:
    enforcement = SCHEMA["properties"]["settings"]["properties"]["enforcement"]
    assert enforcement["propertyNames"]["enum"] == [restriction.ID for restriction in ALL]
    with pytest.raises(ChartError, match="cdrom"):
        render({"settings": {"enforcement": {"cdrom": "off"}}})


def test_the_mode_reaches_the_service() -> None:
    settings = load({}, environment({"settings": {"mode": "warn"}}))
    assert settings.mode is Mode.WARN


def test_a_rollout_with_settings_that_the_service_refuses_leaves_the_former_pods_alone() -> None:
    [service] = [each for each in of_kind(render(), "Deployment") if not each["metadata"]["name"].endswith("-certs")]
    assert service["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    [container] = service["spec"]["template"]["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"

"""Every object that the chart can render conforms to the API server's own schema of its kind."""

import itertools
from pathlib import Path

import pytest
import yaml

from testbed.chart import Object, Values, render
from testbed.chart_values import APIS, EVERYTHING
from testbed.control_plane import ControlPlane
from tests.chart import neighbours
from tests.chart.schemas import TEMPLATE, write_schemas

VARIANTS: dict[str, Values] = {
    "defaults": {},
    "everything": EVERYTHING,
    "pod monitor": {"monitoring": {"podMonitor": {"enabled": True}}},
    "node's network": {"hostNetwork": True, "webhooks": {"url": "https://lmw.example.com"}},
    "existing Secret": {
        "certificates": {"source": "existing-secret", "existingSecret": {"name": "mine", "annotations": {"a": "b"}}},
        "networkPolicy": {"enabled": True, "apiServerCIDRs": ["10.0.0.0/24"], "metricsFrom": [{"podSelector": {}}]},
    },
    "hooks with further conditions": {
        "webhooks": {
            "mutatePods": {
                "namespaceSelector": {"matchLabels": {"a": "b"}},
                "objectSelector": {"matchExpressions": [{"key": "d", "operator": "In", "values": ["e"]}]},
                "matchConditions": [{"name": "f", "expression": "true"}],
            }
        }
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def schemas(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the schemas of everything that any variant renders."""
    for neighbour in (neighbours.CERT_MANAGER, neighbours.PROMETHEUS_OPERATOR):
        neighbours.install(control_plane.api(), neighbour)
    folder = tmp_path_factory.mktemp("schemas")
    write_schemas(
        control_plane.api(), itertools.chain(*(render(each, apis=APIS) for each in VARIANTS.values())), folder
    )
    return folder


def complaints(control_plane: ControlPlane, schemas: Path, objects: list[Object]) -> str:
    """Return what kubeconform says about the objects; nothing when all is well."""
    location = str(schemas / TEMPLATE)
    return control_plane.run(
        "kubeconform", "-strict", "-schema-location", location, stdin=yaml.safe_dump_all(objects)
    ).stdout


@pytest.mark.parametrize("values", VARIANTS.values(), ids=VARIANTS)
def test_objects_conform_to_their_schema(control_plane: ControlPlane, schemas: Path, values: Values) -> None:
    assert complaints(control_plane, schemas, render(values, apis=APIS)) == ""


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param({"replicas": "many"}, id="a text for a number"),
        pytest.param({"replicaCount": 2}, id="a field that doesn't exist"),
    ],
)
def test_an_object_that_does_not_conform_is_found(control_plane: ControlPlane, schemas: Path, spoil: Object) -> None:
    [deployment, *_] = (each for each in render() if each["kind"] == "Deployment")
    deployment["spec"] |= spoil

    assert f"Deployment {deployment['metadata']['name']} is invalid" in complaints(control_plane, schemas, [deployment])

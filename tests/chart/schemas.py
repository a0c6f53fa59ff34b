"""Schemas of Kubernetes objects, as the API server itself publishes them, in the form that kubeconform reads."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from tests.chart.render import Object
from tests.controlplane.api import Api

TEMPLATE = "{{.ResourceKind}}_{{.Group}}_{{.ResourceAPIVersion}}.json"
"""Names of the files, in kubeconform's terms."""


def write_schemas(api: Api, objects: Iterable[Object], folder: Path) -> None:
    """Write the schema of each object's kind; fields that a schema doesn't name are errors."""
    published = api.get("/openapi/v3")["paths"]
    kinds = {(each["apiVersion"], each["kind"]) for each in objects}
    for api_version in {version for version, _ in kinds}:
        path = f"apis/{api_version}" if "/" in api_version else f"api/{api_version}"
        components = api.get(published[path]["serverRelativeURL"])["components"]
        for schema in components["schemas"].values():
            _close(schema)
        for kind, name in _kinds(components["schemas"], api_version):
            if (api_version, kind) in kinds:
                schema = {"$ref": f"#/components/schemas/{name}", "components": components}
                _file(folder, api_version, kind).write_bytes(orjson.dumps(schema))


def _file(folder: Path, api_version: str, kind: str) -> Path:
    """Return the file of a kind; to kubeconform, the core group is named v1."""
    group, _, version = api_version.rpartition("/")
    return folder / f"{kind.lower()}_{group or version}_{version}.json"


def _kinds(schemas: Object, api_version: str) -> Iterator[tuple[str, str]]:
    """Yield kinds of the API version, with the name of their schema."""
    for name, schema in schemas.items():
        for each in schema.get("x-kubernetes-group-version-kind", []):
            if "/".join(filter(None, (each["group"], each["version"]))) == api_version:
                yield each["kind"], name


def _close(schema: Any) -> None:
    """Forbid properties that aren't listed, wherever some are."""
    if not isinstance(schema, dict):
        return
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema.setdefault("additionalProperties", False)
    for part in schema.get("properties", {}).values():
        _close(part)
    for key in ("items", "additionalProperties"):
        _close(schema.get(key))

"""Schemas of Kubernetes objects, as the API server itself publishes them, in the form that kubeconform reads."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from testbed.api import Api
from testbed.chart import Object

TEMPLATE = "{{.ResourceKind}}_{{.Group}}_{{.ResourceAPIVersion}}.json"
"""Names of the files, in kubeconform's terms."""


def write_schemas(api: Api, objects: Iterable[Object], folder: Path) -> None:
    """Write the schema of each object's kind; fields that a schema doesn't name are errors."""
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for each in objects:
        kinds[each["apiVersion"]].add(each["kind"])
    for api_version, wanted in kinds.items():
        components = _published(api, api_version, wanted)
        for schema in components["schemas"].values():
            _close(schema)
        for kind, name in _kinds(components, api_version):
            if kind in wanted:
                schema = {"$ref": f"#/components/schemas/{name}", "components": components}
                _file(folder, api_version, kind).write_bytes(orjson.dumps(schema))


def _published(api: Api, api_version: str, kinds: set[str]) -> Object:
    """Return the OpenAPI components of an API version, once they have the kinds.

    A kind is served before it is published. The addresses in the index /openapi/v3 name a state that may be gone
    by the time they are read, so it is the plain address that is asked, until it is complete.
    """
    prefix = "apis" if "/" in api_version else "api"
    document = api.wait(
        f"/openapi/v3/{prefix}/{api_version}",
        lambda seen: kinds <= {kind for kind, _ in _kinds(seen.get("components", {}), api_version)},
    )
    components: Object = document["components"]
    return components


def _file(folder: Path, api_version: str, kind: str) -> Path:
    """Return the file of a kind; to kubeconform, the core group is named v1."""
    group, _, version = api_version.rpartition("/")
    return folder / f"{kind.lower()}_{group or version}_{version}.json"


def _kinds(components: Object, api_version: str) -> Iterator[tuple[str, str]]:
    """Yield kinds of the API version, with the name of their schema."""
    for name, schema in components.get("schemas", {}).items():
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

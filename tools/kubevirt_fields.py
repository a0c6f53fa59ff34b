"""Writes `webhook/plugin/fields.json`: the names of all fields that a VM's specification can have.

They are those of KubeVirt's own CustomResourceDefinition, as the control plane of the tests has it. `*` stands for
each entry of a list and each key of a map; what may hold anything has `{"*": …}` without end, written as `null`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from testbed.build import KUBEVIRT, build
from tools.examples import ROOT

FIELDS: Final = ROOT / "webhook" / "plugin" / "fields.json"

Tree = dict[str, Any]


def fields() -> Tree:
    """Return the fields below a VM's `spec`."""
    definitions = json.loads(_printed().read_bytes())["items"]
    (found,) = (each for each in definitions if each["spec"]["names"]["kind"] == "VirtualMachine")
    properties: Mapping[str, Any] = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    tree = _tree(properties["spec"])
    if tree is None:
        raise ValueError("the definition of VirtualMachine has no fields")
    return tree


def written() -> str:
    """Return the file's text."""
    return json.dumps(fields(), sort_keys=True, separators=(",", ":")) + "\n"


def _tree(schema: Mapping[str, Any]) -> Tree | None:
    """Return the names below a schema, None where anything may be."""
    if schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-embedded-resource"):
        return None
    if "properties" in schema:
        return {name: _tree(child) for name, child in schema["properties"].items()}
    below = schema.get("items") or schema.get("additionalProperties")
    if isinstance(below, Mapping):
        return {"*": _tree(below)}
    return None if schema.get("type") == "object" else {}


def _printed() -> Path:
    return build(KUBEVIRT)["kubevirt"].with_name("crds.json")


if __name__ == "__main__":
    FIELDS.write_text(written())

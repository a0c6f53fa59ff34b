"""The fields that a VM can have, by KubeVirt's own schema: `python -m tools.kubevirt_fields` writes `fields.json`.

`*` stands for each entry of a list and each key of a map, `null` for what may hold anything.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson


def unknown_field(steps: Iterable[str | int], value: object) -> str:
    """Say which field on a path below a VM, or in the value at its end, KubeVirt doesn't know; "" when it knows all."""
    tree: Any = {"spec": _fields()}
    path = ""
    for step in steps:
        if tree is None:
            return ""
        if problem := _problem(path, step, tree):
            return problem
        path, tree = _joined(path, step), tree.get("*", tree.get(step))
    return next(_unknown_in(path, value, tree), "")


def _unknown_in(path: str, value: object, tree: Any) -> Iterator[str]:
    if tree is None or not isinstance(value, dict | list):
        return
    children = value.items() if isinstance(value, dict) else enumerate(value)
    for step, child in children:
        if problem := _problem(path, step, tree):
            yield problem
        else:
            yield from _unknown_in(_joined(path, step), child, tree.get("*", tree.get(step)))


def _problem(path: str, step: str | int, tree: Mapping[str, Any]) -> str:
    if "*" in tree or step in tree:
        return ""
    near = difflib.get_close_matches(str(step), tree, n=1)
    suggestion = f"; is it {_joined(path, near[0])}?" if near else ""
    return f"KubeVirt has no field {_joined(path, step)}{suggestion}"


def _joined(path: str, step: str | int) -> str:
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step


@cache
def _fields() -> Mapping[str, Any]:
    tree: Mapping[str, Any] = orjson.loads(Path(__file__).with_name("fields.json").read_bytes())
    return tree

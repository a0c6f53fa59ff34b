"""What if a field had another value: `--set spec.domain.cpu.model=XYZ`."""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, Final

import yaml

from webhook.kube.source import Change
from webhook.plugin.failure import Failure
from webhook.plugin.schema import unknown_field
from webhook.state.kinds import VM, VMI

TEMPLATE: Final = "spec.template."
_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]")
_PATH: Final = re.compile(r"spec(\.[A-Za-z0-9_-]+|\[\d{1,6}\])+")


def what_if(settings: Iterable[str]) -> Change:
    """Return a function that sets fields in VMs and VMIs; each setting is `path=value`, the value as in YAML.

    A path is that of the instance (`spec.domain…`), in VMs it is meant below `spec.template`.

    Raises:
        Failure: for what is no setting, and no field of KubeVirt; from the function, where the path leads nowhere.
    """
    changes = [_change(setting) for setting in settings]

    def changed(document: Mapping[str, Any]) -> Mapping[str, Any]:
        if not changes or document.get("kind") not in {VM.name, VMI.name}:
            return document
        copy = deepcopy(dict(document))
        for path, value in changes:
            _set(copy, _in_a_vm(path) if copy["kind"] == VM.name else path, value)
        return copy

    return changed


def _change(setting: str) -> tuple[str, Any]:
    path, sign, text = setting.partition("=")
    if not sign or not _PATH.fullmatch(path):
        raise Failure(f'--set "{setting}": expected a field below spec, such as spec.domain.cpu.model=XYZ')
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise Failure(f'--set "{setting}": the value is no YAML') from error
    if problem := unknown_field(_steps(_in_a_vm(path)), value):
        raise Failure(f'--set "{setting}": {problem}')
    return path, value


def _in_a_vm(path: str) -> str:
    return path if path.startswith(TEMPLATE) else TEMPLATE + path


def _steps(path: str) -> list[str | int]:
    return [int(index) if index else key for key, index in _STEP.findall(path)]


def _set(document: dict[str, Any], path: str, value: Any) -> None:
    *steps, last = _steps(path)
    place: Any = document
    try:
        for step in steps:
            place = _below(place, step)
        _below(place, last)
        place[last] = value
    except (TypeError, IndexError) as error:
        name = document.get("metadata", {}).get("name", "") if isinstance(document.get("metadata"), dict) else ""
        raise Failure(f"--set {path}: {document['kind']} {name} has no such place") from error


def _below(place: Any, step: int | str) -> Any:
    """Return what is under a step; an object that isn't there is made."""
    if isinstance(step, str) and isinstance(place, dict):
        place[step] = place.get(step) if place.get(step) is not None else {}
        return place[step]
    if isinstance(step, int) and isinstance(place, list):
        return place[step]
    raise TypeError(step)

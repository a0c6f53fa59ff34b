"""JSON Patch (RFC 6902) for the one kind of change that is ever made: entries put into a map of strings.

Patches are made for the document as it came, never from a view of it, so that nothing else changes.
"""

from collections.abc import Mapping
from typing import Any

Operation = Mapping[str, Any]


def entries_added(
    document: Mapping[str, Any], path: tuple[str, ...], entries: Mapping[str, str]
) -> tuple[Operation, ...]:
    """Return the operations that put entries into the map at `path`; none for those that it has already.

    Maps that are missing on the way are made. Where something else than a map is in the way, there is no patch.
    """
    place: Any = document
    for depth, key in enumerate(path):
        below = place.get(key)
        if below is None:
            return (_add(path[: depth + 1], _nested(path[depth + 1 :], entries)),) if entries else ()
        if not isinstance(below, dict):
            return ()
        place = below
    return tuple(_add((*path, key), value) for key, value in sorted(entries.items()) if place.get(key) != value)


def _nested(path: tuple[str, ...], entries: Mapping[str, str]) -> Mapping[str, Any]:
    value: Mapping[str, Any] = dict(sorted(entries.items()))
    for key in reversed(path):
        value = {key: value}
    return value


def _add(path: tuple[str, ...], value: Any) -> Operation:
    return {"op": "add", "path": "".join(f"/{_escaped(key)}" for key in path), "value": value}


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")

"""Shrinks a case on which two judges disagree to what the disagreement needs."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from fidelity.selectors import Json

Path = tuple[str | int, ...]

KEPT: Final = frozenset({"metadata", "name", "namespace", "spec", "status", "containers", "nodeName"})
"""Fields without which an object would be another one."""


def shrink(case: Json, disagrees: Callable[[Json], bool]) -> Json:
    """Return a smallest part of the case that still disagrees: without any one thing in it, it wouldn't.

    Dropped are nodes, pods, terms, expressions, labels, values and fields, the large ones first. `disagrees` must be
    false for a case that is no longer valid; the given case isn't changed.
    """
    while True:
        smaller = _shrunk(case, (), disagrees)
        if smaller == case:
            return case
        case = smaller


def removable(case: Json, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each thing that can be dropped, whole things before their parts."""
    for key in _keys(at(case, path)):
        if path and key not in KEPT:
            yield (*path, key)
    for key in _keys(at(case, path)):
        yield from removable(case, (*path, key))


def without(part: Any, path: Path) -> Any:
    """Return the case, or a part of one, without the thing at the path; what doesn't change is shared."""
    key, *rest = path
    smaller = part.copy()
    if rest:
        smaller[key] = without(part[key], tuple(rest))
    else:
        del smaller[key]
    return smaller


def _shrunk(case: Json, path: Path, disagrees: Callable[[Json], bool]) -> Json:
    # From the last to the first, so that the places of those not yet tried don't change.
    for key in reversed(_keys(at(case, path))):
        if path and key not in KEPT and disagrees(smaller := without(case, (*path, key))):
            case = smaller
    for key in _keys(at(case, path)):
        case = _shrunk(case, (*path, key), disagrees)
    return case


def _keys(part: Any) -> list[Any]:
    match part:
        case dict():
            return list(part)
        case list():
            return list(range(len(part)))
    return []


def at(case: Json, path: Path) -> Any:
    """Return the thing at a path."""
    part: Any = case
    for key in path:
        part = part[key]
    return part

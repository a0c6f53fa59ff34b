"""Valid objects that a stranger has bent: anything in one place of them, for property tests."""

from collections.abc import Iterator
from typing import Any, Final

from hypothesis import strategies as st

WORDS: Final = (
    "kubernetes.io/hostname",
    "kubevirt.io/created-by",
    "host-model-cpu.node.kubevirt.io/Skylake",
    "",
    "x",
    "a" * 300,
    "\u202e",
    "In",
    "Gt",
    "DoNotSchedule",
    "9" * 5000,
)
"""Words that mean something somewhere, and words that are too long, empty or not printable."""

json: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=6,
)


def bent(document: Any) -> st.SearchStrategy[Any]:
    """Return the document with anything in one place of it."""
    places = list(_places(document))
    return st.builds(lambda place, value: _with(document, place, value), st.sampled_from(places), json)


def _places(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key in part if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ():
        yield (*path, key)
        yield from _places(part[key], (*path, key))


def _with(part: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = list(part) if isinstance(part, list) else dict(part)
    copy[path[0]] = _with(part[path[0]], path[1:], value)
    return copy

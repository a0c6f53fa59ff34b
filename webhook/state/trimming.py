"""Views as tables keep them: without what no rule reads, and with equal parts interned (shared in memory).

A cluster has tens of thousands of disks called `rootdisk` and interfaces called `default`; one of each is enough.
"""

from collections.abc import Callable, Hashable, Mapping
from functools import cache, lru_cache
from typing import Any, Final, TypeVar

from msgspec import Struct
from msgspec.structs import asdict, replace

from webhook.objects.labels import DOMAIN, ISTIO_INJECT
from webhook.objects.metadata import Metadata, metadata_of

KEPT_DOMAINS: Final = ("kubevirt.io", "harvesterhci.io", "live-migration-webhook")
"""Annotations are kept when the domain of their key ends like this; others can be longer than the object."""

_REPETITIVE: Final = frozenset({DOMAIN})
"""Annotations that repeat the object's name: without them, most pods can share the others."""

T = TypeVar("T")

_CACHED: Final = 8192
"""Parts that are cached for sharing: enough for what is common, and a bound for what isn't."""
LONGEST: Final = 4096
"""Characters of a part that is cached: strangers write them, and a cache outlives the objects. So both caches hold at
most 64 MiB of text, whatever is written; of usual clusters 2."""


def trimmed(view: Any, *, labelled: bool) -> Any:
    """Return a view in its smallest form; `labelled` false: without labels, annotations and owners, too."""
    metadata = _trimmed_metadata(metadata_of(view), labelled=labelled)
    return _interned(metadata if view is metadata_of(view) else replace(view, metadata=metadata))


def _trimmed_metadata(metadata: Metadata, *, labelled: bool) -> Metadata:
    if not labelled:
        return Metadata(name=metadata.name, namespace=metadata.namespace, labels={}, annotations={})
    return replace(metadata, annotations={key: text for key, text in metadata.annotations.items() if _is_kept(key)})


def _is_kept(annotation: str) -> bool:
    if annotation == ISTIO_INJECT:
        return True
    return annotation.split("/", maxsplit=1)[0].endswith(KEPT_DOMAINS) and annotation not in _REPETITIVE


def _interned(value: Any) -> Any:
    """Return an equal value whose parts are shared with others that were seen lately."""
    return _interner(type(value))(value)  # type: ignore[arg-type] # types are hashable


@cache
def _interner(kind: type) -> Callable[[Any], Any]:
    """Return what interns values of this type."""
    if kind is dict:
        return _interned_mapping
    return _interned_if_hashable if kind in {str, tuple, frozenset} or issubclass(kind, Struct) else _unchanged


def _unchanged(value: T) -> T:
    return value


def _interned_if_hashable(value: Any) -> Any:
    try:
        return _shared(value)
    except TypeError:
        return _with_interned_parts(value)  # long, or with a mapping somewhere in it, which can't be looked up


class _TooLongError(TypeError):
    """Raised for what isn't cached; an error keeps a value out of `lru_cache`."""


@lru_cache(maxsize=_CACHED)
def _shared(value: Hashable) -> Any:
    _check_length(value)
    return _with_interned_parts(value)


def _check_length(value: Any) -> None:
    if _length(value) > LONGEST:
        raise _TooLongError


def _length(value: Any) -> int:
    """Return how many characters there are in a value, an entry or a field counting as one, too."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Struct):
        return sum(1 + _length(getattr(value, name)) for name in value.__struct_fields__)
    return sum(1 + _length(part) for part in value) if isinstance(value, (tuple, frozenset)) else 0


def _with_interned_parts(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value
    if kind in {tuple, frozenset}:
        return kind(map(_interned, value))
    return kind(**{name: _interned(part) for name, part in asdict(value).items()})


def _interned_mapping(value: Mapping[str, Any]) -> Mapping[str, Any]:
    entries = {_interned(key): _interned(entry) for key, entry in value.items()}
    try:
        return _shared_mapping(tuple(entries.items()))
    except TypeError:
        return entries


@lru_cache(maxsize=_CACHED)
def _shared_mapping(entries: tuple[tuple[str, Hashable], ...]) -> Mapping[str, Any]:
    _check_length(entries)
    return dict(entries)

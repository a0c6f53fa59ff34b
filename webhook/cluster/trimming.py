"""Views as they are kept for a long time: without what no rule reads, and with equal parts shared.

A cluster has tens of thousands of disks called `rootdisk` and interfaces called `default`; one of each is enough.
"""

from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache, lru_cache
from typing import Any, Final

from webhook.cluster.kinds import Kind
from webhook.objects.metadata import Metadata

KEPT_DOMAINS: Final = ("kubevirt.io", "harvesterhci.io", "live-migration-webhook")
"""Annotations are kept when the domain of their key ends like this; others can be longer than the object."""

_REMEMBERED: Final = 8192
"""Parts that are remembered for sharing: enough for what is common, and a bound for what isn't."""


def trimmed(kind: Kind, view: Any) -> Any:
    """Return the view of an object of this kind in its smallest form."""
    if isinstance(view, Metadata):
        return _compact(_without_strangers(view, labelled=kind.labelled))
    return _compact(replace(view, metadata=_without_strangers(view.metadata, labelled=kind.labelled)))


def _without_strangers(metadata: Metadata, *, labelled: bool) -> Metadata:
    if not labelled:
        return Metadata(name=metadata.name, namespace=metadata.namespace, labels={}, annotations={})
    kept = {key: value for key, value in metadata.annotations.items() if key.split("/")[0].endswith(KEPT_DOMAINS)}
    return replace(metadata, annotations=kept)


def _compact(value: Any) -> Any:
    """Return an equal value whose parts are shared with others that were seen lately."""
    if isinstance(value, str):
        return _shared(value)
    if isinstance(value, (tuple, frozenset)):
        return _shared_if_hashable(type(value)(map(_compact, value)))
    if isinstance(value, dict):
        return _shared_mapping({_shared(key): _compact(entry) for key, entry in value.items()})
    if names := _field_names(type(value)):  # type: ignore[arg-type] # mypy takes the hash of its instances for its own
        return _shared_if_hashable(type(value)(**{name: _compact(getattr(value, name)) for name in names}))
    return value


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


@lru_cache(maxsize=_REMEMBERED)
def _shared(value: Any) -> Any:
    """Return the first of all equal values that was seen: the cache keeps its result."""
    return value


@lru_cache(maxsize=_REMEMBERED)
def _mapping(items: tuple[tuple[str, Hashable], ...]) -> Mapping[str, Any]:
    return dict(items)


def _shared_mapping(value: dict[str, Any]) -> Mapping[str, Any]:
    try:
        return _mapping(tuple(value.items()))
    except TypeError:
        return value


def _shared_if_hashable(value: Any) -> Any:
    try:
        return _shared(value)
    except TypeError:
        return value

"""Views as they are kept for a long time: without what no rule reads, and with equal parts shared.

A cluster has tens of thousands of disks called `rootdisk` and interfaces called `default`; one of each is enough.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from webhook.cluster.kinds import Kind
from webhook.objects.metadata import Metadata

KEPT_DOMAINS: Final = ("kubevirt.io", "harvesterhci.io", "live-migration-webhook")
"""Annotations are kept when the domain of their key ends like this; others can be longer than the object."""

_TELLING_NOTHING: Final = frozenset({"kubevirt.io/domain"})
"""Annotations that repeat the object's name: without them, most pods share the others."""

_SHAREABLE: Final = (str, tuple, frozenset, dict)

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
    return replace(metadata, annotations={key: text for key, text in metadata.annotations.items() if _is_kept(key)})


def _is_kept(annotation: str) -> bool:
    return annotation.split("/", maxsplit=1)[0].endswith(KEPT_DOMAINS) and annotation not in _TELLING_NOTHING


def _compact(value: Any) -> Any:
    """Return an equal value whose parts are shared with others that were seen lately."""
    if not isinstance(value, _SHAREABLE) and not _field_names(type(value)):
        return value
    try:
        return _remembered(value)
    except TypeError:
        return _rebuilt(value)  # with a mapping somewhere in it, which can't be looked up


@lru_cache(maxsize=_REMEMBERED)
def _remembered(value: Hashable) -> Any:
    return _rebuilt(value)


def _rebuilt(value: Any) -> Any:
    if isinstance(value, (tuple, frozenset)):
        return type(value)(map(_compact, value))
    if isinstance(value, dict):
        return _mapping(value)
    if names := _field_names(type(value)):
        return type(value)(**{name: _compact(getattr(value, name)) for name in names})
    return value


def _mapping(value: dict[str, Any]) -> Mapping[str, Any]:
    entries = {_compact(key): _compact(entry) for key, entry in value.items()}
    try:
        return _remembered_mapping(tuple(entries.items()))
    except TypeError:
        return entries


@lru_cache(maxsize=_REMEMBERED)
def _remembered_mapping(entries: tuple[tuple[str, Hashable], ...]) -> Mapping[str, Any]:
    return dict(entries)


def _field_names(kind: type) -> Iterable[str]:
    return getattr(kind, "__dataclass_fields__", ())

"""Reading the API server at this moment: everything once, or the few objects that a decision rests on."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, Final

from webhook.kube.api import Api, Page
from webhook.kube.refusals import ApiError, Forbidden, KindMissing, NotFound
from webhook.kube.source import Change, ClusterUnavailable, Reading, unchanged
from webhook.state.kinds import BY_NAME, KINDS, Kind, Reference
from webhook.state.resource import Resource
from webhook.state.snapshot import Snapshot
from webhook.state.table import Key, Table

MANY: Final = 300
"""Objects of a selection that are a burden to read: a node has 20 KB and more. The watch is asked to catch up first."""

_WORTH: Final = 0.001
"""Seconds that one object less to read is worth waiting for."""

CaughtUp = Callable[[Kind, float], Table[Any] | None]
"""Returns all objects of a kind as they are now, from the watch; None when it can't tell within so many seconds."""

_AT_ONCE: Final = 8
_WORD: Final = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_LABEL: Final = re.compile(rf"([-a-z0-9.]{{1,253}}/)?{_WORD}=({_WORD})?")
"""A label that an object can have; labels found in objects go into selectors, where a comma would begin another."""


def read_all(
    api: Api,
    kinds: Iterable[Kind] = KINDS,
    *,
    namespace: str = "",
    change: Change = unchanged,
    timeout: float = 30.0,
) -> Reading:
    """Read all objects of these kinds, each as `change` returns it; `timeout` is for each page, in seconds.

    What may not be read in the whole cluster is read in `namespace`, where one is given.

    Raises:
        ApiError: when the API server can't be reached.
    """
    tables: dict[str, Mapping[Key, Any]] = {}
    missing: list[Resource] = []
    forbidden: list[Forbidden] = []
    narrowed: list[Resource] = []
    with ThreadPoolExecutor(_AT_ONCE) as readers:
        lists = {
            kind: readers.submit(_as_far_as_allowed, api, kind, namespace, change=change, timeout=timeout)
            for kind in kinds
        }
        for kind, reading in lists.items():
            try:
                tables[kind.name], whole = reading.result()
                narrowed += [] if whole else [kind]
            except KindMissing as error:
                missing.append(error.resource)
            except Forbidden as error:
                forbidden.append(error)
    return Reading(
        snapshot=Snapshot().changed(tables),
        namespace=api.namespace,
        missing=tuple(missing),
        forbidden=tuple(forbidden),
        narrowed=tuple(narrowed),
        place=api.place,
    )


def reread(
    api: Api,
    readers: Executor,
    snapshot: Snapshot,
    references: frozenset[Reference],
    *,
    timeout: float,
    caught_up: CaughtUp,
) -> Snapshot:
    """Return the snapshot with what is referred to as the API server has it now, read all at once.

    Raises:
        ClusterUnavailable: when one of them can't be read within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    ask = partial(_changes, api, snapshot, caught_up, max(timeout, 0.01))
    reads = {reference: readers.submit(ask, reference) for reference in references}
    wait(reads.values(), timeout=max(deadline - time.monotonic(), 0))
    changes: dict[str, dict[Key, Any]] = {}
    for reference, read in reads.items():
        known = changes.setdefault(reference.kind, {})
        # What any of them has returned exists, even if it doesn't belong to another's selection any more.
        known |= {
            key: seen for key, seen in _result(reference, read, timeout).items() if seen is not None or key not in known
        }
    return snapshot.changed(changes)


def views(kind: Kind, page: Page, change: Change = unchanged) -> Iterator[tuple[Key, Any]]:
    """Yield keys and views of a page's objects; each document is freed as soon as it has been read."""
    page.items.reverse()
    while page.items:
        # The items of a list don't say their kind.
        yield kind.view(change({**page.items.pop(), "kind": kind.name}))


def _as_far_as_allowed(
    api: Api, kind: Kind, namespace: str, *, change: Change, timeout: float
) -> tuple[Mapping[Key, Any], bool]:
    """Return all objects of a kind, and that it is all; else those of the namespace."""
    try:
        return _all(api, kind, kind.selector, change=change, timeout=timeout), True
    except Forbidden as error:
        if not namespace or not kind.namespaced:
            raise
        try:
            return _all(api, kind, kind.selector, namespace=namespace, change=change, timeout=timeout), False
        except Forbidden:
            raise error from None


def _all(
    api: Api, kind: Kind, selector: str, *, namespace: str = "", change: Change = unchanged, timeout: float
) -> Mapping[Key, Any]:
    pages = api.pages(kind, namespace=namespace, selector=selector, timeout=timeout)
    return {key: seen for page in pages for key, seen in views(kind, page, change)}


def _changes(
    api: Api, snapshot: Snapshot, caught_up: CaughtUp, timeout: float, reference: Reference
) -> Mapping[Key, Any]:
    """Find out about what is referred to. A kind that the cluster doesn't know has no objects."""
    kind = BY_NAME[reference.kind]
    if reference.name:
        return {(reference.namespace, reference.name): _one(api, kind, reference, timeout)}
    table = snapshot.table(kind.name)
    known = tuple(table.carrying(reference.labels, reference.namespace))
    try:
        if len(known) > MANY and not kind.selector:
            patience = min(len(known) * _WORTH, timeout / 3)
            if (current := caught_up(kind, patience)) is not None:
                return current.differences(table)
        found = _selected(api, kind, reference, timeout)
    except KindMissing:
        found = {}
    # What carries these labels as far as we know, and was not returned, doesn't any more.
    return {**dict.fromkeys(known), **found}


def _one(api: Api, kind: Kind, reference: Reference, timeout: float) -> Any:
    try:
        return kind.view(api.get(kind, reference.namespace, reference.name, timeout=timeout))[1]
    except (NotFound, KindMissing):
        return None


def _selected(api: Api, kind: Kind, reference: Reference, timeout: float) -> Mapping[Key, Any]:
    if not all(_LABEL.fullmatch(f"{label}={value}") for label, value in reference.labels):
        return {}
    selector = ",".join(f"{label}={value}" for label, value in sorted(reference.labels))
    return _all(api, kind, selector, namespace=reference.namespace, timeout=timeout)


def _result(reference: Reference, read: Future[Mapping[Key, Any]], timeout: float) -> Mapping[Key, Any]:
    if read.cancel() or not read.done():
        raise ClusterUnavailable(f"{reference} could not be read within {timeout:.1f} s")
    try:
        return read.result()
    except ApiError as error:
        raise ClusterUnavailable(f"{reference} could not be read: {error}") from error

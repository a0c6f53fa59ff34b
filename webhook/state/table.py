"""All views of one kind: an immutable table, whose changes make a new one.

A kind that is asked other questions than "which object has this name" has a table class of its own, which keeps its
indexes up to date in `replaced`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")

Key = tuple[str, str]
"""What identifies an object within its kind: namespace ("" for cluster-scoped kinds) and name."""


class Table(Generic[T]):
    """Views by namespace and name.

    A new table shares with the old one every namespace that it doesn't touch.
    """

    __slots__ = ("_namespaces",)

    def __init__(self, namespaces: Mapping[str, Mapping[str, T]] | None = None) -> None:
        """Take views by namespace and name; they must not change afterwards."""
        self._namespaces = namespaces or {}

    def get(self, namespace: str, name: str) -> T | None:
        """Return one object's view."""
        views = self._namespaces.get(namespace)
        return None if views is None else views.get(name)

    def items(self, namespace: str = "") -> Iterator[tuple[Key, T]]:
        """Yield keys and views, of one namespace or ("") of all."""
        for place in (namespace,) if namespace else self._namespaces:
            for name, view in self._namespaces.get(place, {}).items():
                yield (place, name), view

    def carrying(self, labels: Iterable[tuple[str, str]], namespace: str = "") -> Iterator[Key]:
        """Yield the keys of the objects that carry all these labels, in one namespace or ("") in all."""
        wanted = tuple(labels)
        for key, view in self.items(namespace):
            carried = _labels(view)
            if all(carried.get(label) == value for label, value in wanted):
                yield key

    def differences(self, other: "Table[T]") -> Mapping[Key, T | None]:
        """Return the changes that make the other table the same as this one."""
        gone = {key: None for key, _ in other.items() if self.get(*key) is None}
        return {**gone, **{key: view for key, view in self.items() if other.get(*key) is not view}}

    def changed(self, changes: Mapping[Key, T | None]) -> Self:
        """Return the table with these views put in, and those that are None taken out.

        The very same table comes back when nothing differs.
        """
        real = {key: view for key, view in changes.items() if self.get(*key) != view}
        return self.replaced(real) if real else self

    def replaced(self, changes: Mapping[Key, T | None]) -> Self:
        """Make the successor from changes that are real ones: each view differs from what the table has."""
        return type(self)(self._successor(changes))

    def _successor(self, changes: Mapping[Key, T | None]) -> Mapping[str, Mapping[str, T]]:
        touched = {namespace: dict(self._namespaces.get(namespace, {})) for namespace, _ in changes}
        for (namespace, name), view in changes.items():
            if view is None:
                del touched[namespace][name]
            else:
                touched[namespace][name] = view
        return {place: views for place, views in ({**self._namespaces, **touched}).items() if views}

    def __iter__(self) -> Iterator[T]:
        for views in self._namespaces.values():
            yield from views.values()

    def __len__(self) -> int:
        return sum(map(len, self._namespaces.values()))


def _labels(view: Any) -> Mapping[str, str]:
    """Return the labels of a view that has some, or of its metadata."""
    return dict(view.labels) if hasattr(view, "labels") else view.metadata.labels

"""A cluster made of manifests in place of an API server.

YAML of several documents, JSON, and `kind: List` (what `kubectl get -o yaml` prints) are understood.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

import orjson
import yaml
from msgspec import Struct

from webhook.state.kinds import BY_NAME, Reference
from webhook.state.snapshot import Snapshot

LARGEST_YAML: Final = 16 * 1024**2
"""Bytes of YAML that are read: they take half a minute. A larger cluster comes as JSON, which takes a second."""
_JSON_BEGINS: Final = (b"{", b"[")
_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"


DEEPEST: Final = 200
"""Levels of nesting that are read: libyaml's binding would overflow the stack, and take the process with it."""


class _TooDeepError(yaml.YAMLError):
    """Raised for nesting that no manifest has."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as Kubernetes reads it: a time is text."""

    yaml_implicit_resolvers: ClassVar = {
        first: [resolver for resolver in resolvers if resolver[0] != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: bytes) -> None:
        super().__init__(text)
        self._depth = 0

    def descend_resolver(self, parent: Any, index: Any) -> None:
        """Go one level down."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise _TooDeepError
        super().descend_resolver(parent, index)

    def ascend_resolver(self) -> None:
        """Come back."""
        self._depth -= 1
        super().ascend_resolver()


class UnreadableManifest(Exception):  # noqa: N818 - it is named for what was found
    """Raised for a file that is no YAML or JSON, or that can't be opened; the message has file, line and column."""


class Manifests(Struct, frozen=True):
    """A cluster that never changes: what the manifests say is all there is."""

    whole: Snapshot

    def snapshot(self) -> Snapshot:
        """Return the whole cluster."""
        return self.whole

    async def reread(
        self,
        snapshot: Snapshot,
        references: frozenset[Reference],  # noqa: ARG002 - all of them are as they were
        timeout: float,  # noqa: ARG002 - nothing takes time
    ) -> Snapshot:
        """Return the snapshot as it is: manifests don't change while they are looked at."""
        return snapshot


def documents(file: str, text: bytes) -> Iterator[Any]:
    """Yield the documents in a text as they are; `file` is named in errors.

    Raises:
        UnreadableManifest: when it is no YAML or JSON.
    """
    if text.lstrip()[:1] in _JSON_BEGINS:
        try:
            yield orjson.loads(text)
        except orjson.JSONDecodeError:
            pass
        else:
            return
    yield from (document for document, _ in _parsed(file, text))


def located_documents(file: str, text: bytes) -> Iterator[tuple[Any, yaml.Node]]:
    """Yield the documents in a text, each with the tree that knows where everything stands.

    Raises:
        UnreadableManifest: when it is no YAML or JSON.
    """
    # JSON may be indented with tabs, which YAML, its superset in all else, may not.
    return _parsed(file, text.replace(b"\t", b" ") if text.lstrip()[:1] in _JSON_BEGINS else text)


def _parsed(file: str, text: bytes) -> Iterator[tuple[Any, yaml.Node]]:
    if len(text) > LARGEST_YAML:
        size, most = (number / 1024**2 for number in (len(text), LARGEST_YAML))
        raise UnreadableManifest(f"{file}: {size:.0f} MiB of YAML, at most {most:.0f} are read; JSON may be longer")
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            yield loader.construct_document(node), node
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        raise UnreadableManifest(f"{where}: {error.problem}") from error
    except _TooDeepError as error:
        raise UnreadableManifest(f"{file}: nested more than {DEEPEST} levels deep") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UnreadableManifest(f"{file}: not YAML or JSON text") from error
    except ValueError as error:
        raise UnreadableManifest(f"{file}: not a manifest: {error}") from error
    finally:
        loader.dispose()


def unfolded(document: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the objects in a document: those of a list, or the object itself, each with its namespace."""
    if not isinstance(document, dict):
        return
    items = document.get("items")
    if str(document.get("kind", "")).endswith("List") and isinstance(items, list):
        for item in items:
            yield from unfolded(item)
        return
    yield in_a_namespace(document)


def in_a_namespace(document: dict[str, Any]) -> Mapping[str, Any]:
    """Return the object with a namespace: `default` where it needs one and names none."""
    kind = BY_NAME.get(str(document.get("kind")))
    metadata = document.get("metadata")
    if kind is None or not kind.namespaced or not isinstance(metadata, dict) or metadata.get("namespace"):
        return document
    return document | {"metadata": metadata | {"namespace": "default"}}

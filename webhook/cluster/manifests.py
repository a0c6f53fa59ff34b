"""A cluster made of manifests: a folder, a file or standard input in place of an API server.

YAML of several documents, JSON, and `kind: List` (what `kubectl get -o yaml` prints) are understood.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from webhook.cluster.kinds import BY_NAME, Reference
from webhook.cluster.snapshot import Snapshot, snapshot_of

SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UnreadableManifest(Exception):  # noqa: N818 - it is named for what was found
    """Raised for a file that is no YAML or JSON, or that can't be opened; the message has file, line and column."""


@dataclass(frozen=True, slots=True)
class Manifests:
    """A cluster that never changes: what the manifests say is all there is."""

    whole: Snapshot

    def snapshot(self) -> Snapshot:
        """Return the whole cluster."""
        return self.whole

    def reread(self, snapshot: Snapshot, references: frozenset[Reference], timeout: float) -> Snapshot:  # noqa: ARG002
        """Return the snapshot as it is: manifests don't change while they are looked at."""
        return snapshot


def manifests(path: str) -> Manifests:
    """Read a cluster from a folder (with its folders), a file, or `-` for standard input.

    Raises:
        UnreadableManifest: when one of them can't be read.
    """
    return Manifests(snapshot_of(object_ for file in _files(path) for object_ in objects_in(file)))


def objects_in(path: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects in one file, lists unfolded; namespaced ones without a namespace are in `default`.

    Raises:
        UnreadableManifest: when it can't be read.
    """
    for document in documents_in(path):
        yield from _unfolded(document)


def _files(path: str) -> Iterator[str]:
    if path == "-" or not Path(path).is_dir():
        yield path
        return
    yield from (str(file) for file in sorted(Path(path).rglob("*")) if file.suffix in SUFFIXES and file.is_file())


def documents_in(path: str) -> Iterator[Any]:
    """Yield the documents in one file (`-`: standard input) as they are.

    Raises:
        UnreadableManifest: when it can't be read.
    """
    try:
        text = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        yield from yaml.load_all(text, Loader=_LOADER)
    except OSError as error:
        raise UnreadableManifest(f"{path}: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else path
        raise UnreadableManifest(f"{where}: {error.problem}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UnreadableManifest(f"{path}: not YAML or JSON text") from error


def _unfolded(document: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(document, dict):
        return
    items = document.get("items")
    if str(document.get("kind", "")).endswith("List") and isinstance(items, list):
        for item in items:
            yield from _unfolded(item)
        return
    yield _in_a_namespace(document)


def _in_a_namespace(document: dict[str, Any]) -> Mapping[str, Any]:
    kind = BY_NAME.get(str(document.get("kind")))
    metadata = document.get("metadata")
    if kind is None or not kind.namespaced or not isinstance(metadata, dict) or metadata.get("namespace"):
        return document
    return document | {"metadata": metadata | {"namespace": "default"}}

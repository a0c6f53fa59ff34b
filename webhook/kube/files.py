"""Manifests in files and folders, and on standard input."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from webhook.state.manifests import UnreadableManifest, documents, located_documents, unfolded

SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})


def files_in(path: str) -> Iterator[str]:
    """Yield the manifests in a folder and its folders, in order; a file or `-` itself."""
    if path == "-" or not Path(path).is_dir():
        yield path
        return
    yield from (str(file) for file in sorted(Path(path).rglob("*")) if file.suffix in SUFFIXES and file.is_file())


def objects_in(path: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects in a file, in a folder with its folders, or (`-`) on standard input, lists unfolded.

    Namespaced ones without a namespace are in `default`.

    Raises:
        UnreadableManifest: when one of the files can't be read.
    """
    for file in files_in(path):
        for document in documents_in(file):
            yield from unfolded(document)


def documents_in(file: str) -> Iterator[Any]:
    """Yield the documents in one file (`-`: standard input) as they are.

    Raises:
        UnreadableManifest: when it can't be read.
    """
    return documents(file, _content(file))


def located_documents_in(file: str) -> Iterator[tuple[Any, yaml.Node]]:
    """Yield the documents in one file (`-`: standard input), each with the tree that knows where everything stands.

    Raises:
        UnreadableManifest: when it can't be read.
    """
    return located_documents(file, _content(file))


def _content(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UnreadableManifest(f"{file}: {error.strerror}") from error

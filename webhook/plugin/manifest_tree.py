"""Which files of a tree are manifests as they will be applied, and what is said of the others.

The templates of a Helm chart are none before they are rendered, and in a kustomize folder only its resources are whole:
patches change what another folder has.
"""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import yaml
from msgspec import Struct

from webhook.kube.files import files_in

CHECK: Final = "kubectl livemigration check -f -"
_KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_TEMPLATES: Final = "templates"


class ManifestTree(Struct, frozen=True, kw_only=True):
    """The files to read, and sentences about what is left out."""

    files: tuple[str, ...]
    notes: tuple[str, ...]


def manifest_tree(paths: Iterable[str], exclude: Iterable[str]) -> ManifestTree:
    """Choose among files, and among all manifests in folders, those that match no pattern of `exclude`."""
    patterns = tuple(exclude)
    files: list[str] = []
    notes: dict[str, None] = {}
    for path in paths:
        for file in files_in(path):
            if file != "-" and any(_matches(file, path, pattern) for pattern in patterns):
                continue
            if file != path and (note := left_out(Path(file))):
                notes[note] = None
            else:
                files.append(file)
    return ManifestTree(files=tuple(files), notes=tuple(notes))


def left_out(file: Path) -> str:
    """Say why a file in a tree is no manifest by itself; "" when it is one."""
    for folder in file.parents:
        if folder.name == _TEMPLATES and (folder.parent / "Chart.yaml").is_file():
            return f"{folder.parent} is a Helm chart, render it first: helm template {folder.parent} | {CHECK}"
    kustomization = next((file.parent / name for name in _KUSTOMIZATIONS if (file.parent / name).is_file()), None)
    if kustomization and file.resolve() not in _resources(kustomization):
        built = f"kubectl kustomize {file.parent} | {CHECK}"
        return f"{file.parent} is a kustomize folder, only its resources are read; for the result: {built}"
    return ""


def is_helm_template(file: str) -> bool:
    """Tell whether a file that can't be read as YAML has actions of a template in it."""
    return Path(file).is_file() and "{{" in Path(file).read_text(encoding="utf-8", errors="replace")


def _resources(kustomization: Path) -> Iterator[Path]:
    try:
        document = yaml.safe_load(kustomization.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError):
        return
    listed = document.get("resources") if isinstance(document, dict) else None
    for name in listed if isinstance(listed, list) else ():
        yield (kustomization.parent / str(name)).resolve()


def _matches(file: str, path: str, pattern: str) -> bool:
    """Tell whether the file, its name, or one of the folders below the path that was named matches a pattern."""
    below = Path(file).relative_to(path) if Path(path).is_dir() else Path(file)
    return any(fnmatch(text, pattern) for text in (file, str(below), *below.parts, *map(str, below.parents)))

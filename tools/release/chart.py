"""The packaged chart: helm's own archive, with the release's addresses in it, and without the hour of its making."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from testbed.chart import helm
from tools.chart_readme import with_table
from tools.release import NAME, archives
from tools.release.addresses import Addresses

ICON: Final = "docs/icon.svg"


def build(source: Path, folder: Path, version: str, moment: int) -> Path:
    """Package the chart of a source tree into a folder; return the archive."""
    helm(
        "package", str(source / "charts" / NAME), f"--version={version}", f"--app-version={version}", "-d", str(folder)
    )
    archive = folder / f"{NAME}-{version}.tgz"
    archives.write(archive, archives.read(archive), moment)
    return archive


def write_addresses(source: Path, known: Addresses, version: str, digest: str) -> str:
    """Write into the chart of a source tree where the product lives, as far as that is known; return its image."""
    chart = source / "charts" / NAME
    values = (chart / "values.yaml").read_text(encoding="utf-8")
    for path, value in _values(known, digest).items():
        if value:
            values = replaced(values, path.split("."), value)
    readme = (chart / "README.md").read_text(encoding="utf-8")
    (chart / "values.yaml").write_text(values, encoding="utf-8")
    (chart / "README.md").write_text(with_table(readme, values), encoding="utf-8")
    about = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    image = reference(yaml.safe_load(values)["image"], version)
    completed = with_addresses(about, known, version, image)
    (chart / "Chart.yaml").write_text(yaml.safe_dump(completed, sort_keys=False), encoding="utf-8")
    return image


def replaced(text: str, path: list[str], value: str) -> str:
    """Return a YAML text with another value at a path, and all else as it was; raises KeyError without the path."""
    node: Any = yaml.compose(text)
    for key in path:
        node = {name.value: value for name, value in node.value}[key]
    return text[: node.start_mark.index] + json.dumps(value) + text[node.end_mark.index :]


def with_addresses(about: Mapping[str, Any], known: Addresses, version: str, image: str) -> dict[str, Any]:
    """Return a Chart.yaml that says where the product lives, and which image it runs."""
    annotations = {
        **about.get("annotations", {}),
        "artifacthub.io/images": yaml.safe_dump([{"name": NAME, "image": image}]),
    }
    if not known.source:
        return {**about, "annotations": annotations}
    return {
        **about,
        "home": known.documentation or known.source,
        "sources": [known.source],
        "icon": known.raw(ICON, version),
        "maintainers": [{"name": f"The {NAME} authors", "url": known.source}],
        "annotations": annotations,
    }


def reference(image: Mapping[str, str], version: str) -> str:
    """Return the image that the chart's values name, as the kubelet pulls it."""
    tag = image["tag"] or version
    return f"{image['repository']}:{tag}" + (f"@{image['digest']}" if image["digest"] else "")


def _values(known: Addresses, digest: str) -> Mapping[str, str]:
    """Return what is known of the chart's values, by their paths."""
    return {
        "image.repository": known.image,
        "image.digest": digest,
        "monitoring.prometheusRule.runbookUrl": known.runbook,
    }

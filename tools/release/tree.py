"""A copy of what a release is made of, as git knows it, with the addresses written where readers look for them."""

import json
import re
import shutil
import subprocess
from pathlib import Path

from tools.release import ROOT
from tools.release.addresses import Addresses


def copy(folder: Path) -> None:
    """Copy the files that git knows, and no other."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)


def moment() -> int:
    """Return when the commit was made, in seconds since 1970: the time of everything in a release."""
    printed = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, check=True).stdout
    return int(printed)


def write_addresses(folder: Path, known: Addresses, version: str) -> None:
    """Write into the package's metadata and its description where the product lives; nothing without a source."""
    if not known.source:
        return
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as project:
        project.write(project_urls(known, version))
    readme = folder / "README.md"
    readme.write_text(with_absolute_links(readme.read_text(encoding="utf-8"), known, version), encoding="utf-8")


def project_urls(known: Addresses, version: str) -> str:
    """Return the table of addresses in the package's metadata."""
    urls = {
        "Homepage": known.documentation or known.source,
        "Documentation": known.documentation or known.source,
        "Source": known.source,
        "Issues": f"{known.source}/issues",
        "Changelog": known.file("CHANGELOG.md", version),
        "Security": known.file("SECURITY.md", version),
    }
    lines = (f"{key} = {json.dumps(address)}" for key, address in urls.items())
    return "\n".join(["", "[project.urls]", *lines, ""])


def with_absolute_links(text: str, known: Addresses, version: str) -> str:
    """Return a text of the repository as it can be read elsewhere: its links and pictures lead back."""
    pictures = re.compile(r"(!\[[^\]]*\]\()(?!https?:)([^)]+)(\))")
    links = re.compile(r"((?<!!)\[[^\]]*\]\()(?!https?:|#)([^)]+)(\))")
    text = pictures.sub(lambda found: f"{found[1]}{known.raw(found[2], version)}{found[3]}", text)
    return links.sub(lambda found: f"{found[1]}{known.file(found[2], version)}{found[3]}", text)

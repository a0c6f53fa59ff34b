"""What CHANGELOG.md says of a version; `python -m tools.release.changelog TAG` refuses a tag that is not told of."""

import re
import sys

from tools.release import ROOT
from tools.release.addresses import version


def fault(tag: str, version: str, changelog: str) -> str:
    """Return why a tag can't be released: another version, or one without a date; nothing when it can."""
    if tag != f"v{version}":
        return f"the tag is {tag}, and pyproject.toml has version {version}"
    if not re.search(rf"^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)$", changelog, re.MULTILINE):
        return f"CHANGELOG.md has no heading `## {version} (YYYY-MM-DD)`"
    return ""


def section(version: str, changelog: str) -> str:
    """Return what is told of a version, without its heading; nothing when there is none."""
    _, _, rest = changelog.partition(f"\n## {version} ")
    _, _, told = rest.partition("\n")
    return told.partition("\n## ")[0].strip()


def text() -> str:
    """Return the whole changelog."""
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(fault(sys.argv[1], version(), text()))

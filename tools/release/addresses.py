"""The five addresses of a release, from release.toml and, where that is silent, from the GitHub repository.

`python -m tools.release.addresses` prints them as `name=value`, as the steps of a workflow pass them on. It needs
nothing but Python, so that it can run before anything is installed; hence no msgspec.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final

from tools.release import NAME, ROOT

FILE: Final = ROOT / "release.toml"
GITHUB: Final = "https://github.com/"
REGISTRY: Final = "ghcr.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the parts of a release are to be found; what is empty isn't known."""

    source: str = ""
    """The repository."""
    image: str = ""
    """The image, without tag or digest."""
    charts: str = ""
    """The folder of charts in an OCI registry, without `oci://`."""
    documentation: str = ""
    """Where people read about the product."""
    runbook: str = ""
    """The page that alerts point to; each adds its own anchor."""

    def file(self, path: str, version: str) -> str:
        """Return where a file of the repository can be read, as it is in a version."""
        return f"{self.source}/blob/v{version}/{path}"

    def raw(self, path: str, version: str) -> str:
        """Return where the bytes of a file of the repository are, as it is in a version."""
        return f"{self.source}/raw/v{version}/{path}"

    def download(self, name: str, version: str) -> str:
        """Return where an artefact of a version is; it lies beside the file that names it where no source is known."""
        return f"{self.source}/releases/download/v{version}/{name}" if self.source else name


def addresses(version: str, environ: Mapping[str, str] = os.environ) -> Addresses:
    """Return what release.toml says, completed; raises TypeError for a name that doesn't exist."""
    return completed(Addresses(**written()), version, environ)


def written() -> dict[str, str]:
    """Return release.toml as it stands."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def version() -> str:
    """Return the version that pyproject.toml gives the package, and with it everything else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def completed(written: Addresses, version: str, environ: Mapping[str, str]) -> Addresses:
    """Return the addresses with what follows from the repository, where that is one of GitHub's."""
    source = written.source or _repository(environ)
    if not source.startswith(GITHUB):
        return replace(written, source=source)
    owner, _, name = source.removeprefix(GITHUB).lower().partition("/")
    known = replace(written, source=source)
    return replace(
        known,
        image=written.image or f"{REGISTRY}/{owner}/{name}",
        charts=written.charts or f"{REGISTRY}/{owner}/charts",
        documentation=written.documentation or f"{source}#readme",
        runbook=written.runbook or known.file(f"charts/{NAME}/README.md", version),
    )


def _repository(environ: Mapping[str, str]) -> str:
    """Return the repository whose workflow runs this; nothing elsewhere."""
    name = environ.get("GITHUB_REPOSITORY")
    return f"{environ.get('GITHUB_SERVER_URL', GITHUB).rstrip('/')}/{name}" if name else ""


if __name__ == "__main__":
    for key, value in {"version": version(), **asdict(addresses(version()))}.items():
        print(f"{key}={value}")

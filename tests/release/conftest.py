"""Releases as `make release` makes them: one whose repository is known, and one without."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tools.release import ROOT

REPOSITORY: Final = "Acme/Live-Migration"
DIGEST: Final = f"sha256:{'0123456789abcdef' * 4}"


def made(folder: Path, *arguments: str, umask: int = 0o022, **environ: str) -> Path:
    """Make a release in a folder, as a program of its own; return the folder."""
    inherited: Mapping[str, str] = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB_")}
    subprocess.run(
        [sys.executable, "-m", "tools.release", folder, *arguments],
        cwd=ROOT,
        env={**inherited, **environ},
        umask=umask,
        check=True,
    )
    return folder


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a release of a repository on GitHub, whose image has been pushed."""
    folder = tmp_path_factory.mktemp("release")
    return made(folder, "--image-digest", DIGEST, GITHUB_REPOSITORY=REPOSITORY)


@pytest.fixture(scope="session")
def addressless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a release that nobody has said the addresses of."""
    return made(tmp_path_factory.mktemp("addressless"))

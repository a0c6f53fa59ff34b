"""What must be built or installed before anything can be compared; kept in the user's cache, by content."""

import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.controlplane import build

HERE: Final = Path(__file__).parent
LOAD: Final = build.Module(
    folder=HERE / "programs",
    packages={"load": "./load", "apiserver": "./apiserver"},
    version_of="github.com/HdrHistogram/hdrhistogram-go",
)
CONTROLLER_RUNTIME: Final = build.Module(
    folder=HERE / "peers" / "controller-runtime",
    packages={"controller-runtime": "."},
    version_of="sigs.k8s.io/controller-runtime",
)
Programs = Mapping[str, Path]
"""Paths by the program's name."""
KOPF_LOCK: Final = HERE / "peers" / "kopf" / "requirements.txt"


def programs() -> Programs:
    """Build and install everything.

    Raises build.GoMissingError, build.BuildFailedError.
    """
    built = build.build(build.KUBERNETES, LOAD, CONTROLLER_RUNTIME)
    return {**built, "kopf": _kopf()}


def _kopf() -> Path:
    """Return kopf in a virtual environment of its own, made from its lock file."""
    key = hashlib.sha256(KOPF_LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = build.cache() / "kopf" / key
    if not (folder / "complete").exists():
        print("installing kopf", file=sys.stderr, flush=True)
        shutil.rmtree(folder.parent, ignore_errors=True)
        venv.create(folder, with_pip=True)
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(KOPF_LOCK)]
        subprocess.run([folder / "bin" / "pip", "install", *options], check=True)
        (folder / "complete").touch()
    return folder / "bin" / "kopf"


def kopf_version() -> str:
    """Return the version in kopf's lock file."""
    line = next(line for line in KOPF_LOCK.read_text().splitlines() if line.startswith("kopf=="))
    return line.removeprefix("kopf==").split()[0]

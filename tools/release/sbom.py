"""The bill of materials: what the package needs, in the versions that are locked, each with its licence (CycloneDX)."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tools.release import NAME

BIN: Final = Path(sys.executable).parent


def write(source: Path, folder: Path, version: str) -> Path:
    """Install what is locked into an environment of its own, and write down what is there; return the file."""
    bill = folder / f"{NAME}-{version}.cdx.json"
    with tempfile.TemporaryDirectory() as environment:
        _run("uv", "venv", "--quiet", "--python", sys.executable, environment)
        locked = source / "requirements" / "runtime.txt"
        _run("uv", "pip", "sync", "--quiet", "--require-hashes", "--python", environment, str(locked))
        project = str(source / "pyproject.toml")
        _run(
            "cyclonedx-py", "environment", "--pyproject", project, "--output-reproducible", "-o", str(bill), environment
        )
    return bill


def _run(program: str, *arguments: str) -> None:
    subprocess.run([BIN / program, *arguments], check=True)

"""The wheel: built by the backend that pyproject.toml names, in the environment whose lock file has it."""

import os
import subprocess
import sys
from pathlib import Path


def build(source: Path, folder: Path, moment: int) -> Path:
    """Build the wheel of a source tree in a folder; return it."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(moment)},
        capture_output=True,
        check=True,
    )
    return next(folder.glob("*.whl"))

"""The examples: one sample cluster, and what each command says about it, in each form.

`make examples` writes them anew; a test compares them with what the commands say now.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
OUTPUTS: Final = ROOT / "examples" / "outputs"
PICTURE: Final = ROOT / "examples" / "report.png"
PROGRAM: Final = Path(sys.executable).with_name("kubectl-livemigration")
CLUSTER: Final = "--cluster examples/cluster"

ENVIRONMENT: Final = {"COLUMNS": "150", "SOURCE_DATE_EPOCH": "1793606400", "NO_COLOR": "1"}
"""A wide terminal without colours, on the second of November 2026."""

_FORMS: Final = {"json": "json", "yaml": "yaml"}
_TOOLS: Final = {**_FORMS, "md": "markdown", "junit.xml": "junit", "sarif": "sarif", "openreports.yaml": "openreports"}


def _all() -> Mapping[str, str]:
    files = "-f examples/cluster/office.yaml"
    return {
        "check.txt": f"check -A {CLUSTER}",
        "check-verbose.txt": f"check -A -v {CLUSTER}",
        **{f"check.{suffix}": f"check -A -o {form} {CLUSTER}" for suffix, form in _TOOLS.items()},
        "check-file.txt": f"check {files}",
        "check-file.sarif": f"check {files} -o sarif",
        "what-if.txt": f"check -A --set spec.domain.cpu.model=Broadwell-noTSX {CLUSTER}",
        "nodes.txt": f"nodes web-1 -n shop {CLUSTER}",
        **{f"nodes.{suffix}": f"nodes web-1 -n shop -o {form} {CLUSTER}" for suffix, form in _FORMS.items()},
        "drain.txt": f"drain node-1 {CLUSTER}",
        **{f"drain.{suffix}": f"drain node-1 -o {form} {CLUSTER}" for suffix, form in _FORMS.items()},
        "cpu-models.txt": f"cpu-models {CLUSTER}",
        **{f"cpu-models.{suffix}": f"cpu-models -o {form} {CLUSTER}" for suffix, form in _FORMS.items()},
        "report.html": f"report {CLUSTER}",
        **{f"report.{suffix}": f"report -o {form} {CLUSTER}" for suffix, form in _TOOLS.items()},
    }


EXAMPLES: Final = _all()
"""File name and command line."""


def said(arguments: str) -> bytes:
    """Return what a command writes to standard output, as a process of its own."""
    result = subprocess.run(
        [PROGRAM, *arguments.split()], cwd=ROOT, env={**os.environ, **ENVIRONMENT}, capture_output=True, check=False
    )
    if result.returncode > 1 or not result.stdout:
        raise RuntimeError(result.stderr.decode())
    return result.stdout


def write() -> None:
    """Write all outputs, and the picture of the report."""
    from testbed.browser import picture  # noqa: PLC0415 - the outputs need no browser

    OUTPUTS.mkdir(exist_ok=True)
    for name, arguments in EXAMPLES.items():
        (OUTPUTS / name).write_bytes(said(arguments))
    picture(OUTPUTS / "report.html", PICTURE)


if __name__ == "__main__":
    write()

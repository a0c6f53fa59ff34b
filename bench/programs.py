"""What must be built or installed before anything can be compared; kept in the user's cache, by content."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from testbed import build

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
ROOT: Final = HERE.parent
RUNTIME_LOCK: Final = ROOT / "requirements" / "runtime.txt"
IN_A_POD: Final = "in_a_pod.py"
KOPF_LOCK: Final = HERE / "peers" / "kopf" / "requirements.txt"
_PYTHONS: Final = (Path(sys.executable).resolve(), Path("/usr/bin/python3"))
_OLDEST: Final = (3, 11)


def programs(before: str = "") -> Programs:
    """Build and install everything; `before` is a commit of this repository that is compared, too, "" for none.

    Raises build.GoMissingError, build.BuildFailedError.
    """
    built = build.build(build.KUBERNETES, LOAD, CONTROLLER_RUNTIME)
    python = fastest_python()
    ours = {"python": _ours(python) / "bin" / "python", "in a pod": HERE / IN_A_POD}
    return {**built, **ours, **(_earlier(before, python) if before else {}), "kopf": _kopf(python) / "bin" / "kopf"}


def fastest_python() -> Path:
    """Return the interpreter on which Python's contestants run: the quickest one here.

    Images and distributions have one that its compiler has optimized by profiles, as our own image has; one that
    somebody has built for himself is often a third slower.
    """
    return min(filter(_is_recent, _PYTHONS), key=_quickness)


def python_version(python: Path) -> str:
    """Return an interpreter's version."""
    return build._run(python, "-c", "import platform; print(platform.python_version())", folder=HERE).strip()


def _named(python: Path) -> str:
    return f"{python} {python_version(python)}"


def _is_recent(python: Path) -> bool:
    return python.exists() and tuple(map(int, python_version(python).split(".")[:2])) >= _OLDEST


def _quickness(python: Path) -> float:
    code = "import timeit; print(min(timeit.repeat('[str(n) for n in range(1000)]', number=200, repeat=9)))"
    return float(build._run(python, "-c", code, folder=HERE))


def _ours(python: Path) -> Path:
    """Return the environment of the service, made as the image makes it."""
    sources = (file for package in ("webhook", "certs") for file in sorted((ROOT / package).rglob("*.py")))

    def install(folder: Path) -> None:
        environment = {**os.environ, "PYTHON": str(python)}
        subprocess.run([ROOT / "requirements" / "install", folder], env=environment, check=True)

    return _installed("service", (RUNTIME_LOCK, *sources), _named(python), install)


def _earlier(commit: str, python: Path) -> Programs:
    """Return the service as it was at a commit, made as its image made it, and how it was started in a pod then."""

    def install(folder: Path) -> None:
        source = folder.with_suffix(".source")
        source.mkdir(parents=True, exist_ok=True)
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, stdout=subprocess.PIPE, check=True)
        subprocess.run(["tar", "--extract", "--directory", source], input=archive.stdout, check=True)
        environment = {**os.environ, "PYTHON": str(python)}
        subprocess.run([source / "requirements" / "install", folder], env=environment, check=True)
        shutil.copy(next(source.rglob(IN_A_POD)), folder)

    resolved = build._run("git", "rev-parse", f"{commit}^{{commit}}", folder=ROOT).strip()
    folder = _installed("service-before", (), f"{_named(python)} {resolved}", install)
    return {"python before": folder / "bin" / "python", "in a pod before": folder / IN_A_POD}


def _kopf(python: Path) -> Path:
    """Return the environment of kopf, made from its lock file."""

    def install(folder: Path) -> None:
        subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(KOPF_LOCK)]
        subprocess.run([sys.executable, "-m", "pip", "--python", folder, "install", *options], check=True)

    return _installed("kopf", (KOPF_LOCK,), _named(python), install)


def _installed(name: str, made_of: Iterable[Path], made_by: str, install: Callable[[Path], None]) -> Path:
    """Return a folder from the cache, named after what it is made of; or make it now, in place of any other one."""
    digest = hashlib.sha256(made_by.encode())
    for file in made_of:
        digest.update(file.read_bytes())
    folder = build.cache() / name / digest.hexdigest()[:16]
    if not (folder / "complete").exists():
        print(f"installing {name}", file=sys.stderr, flush=True)
        shutil.rmtree(folder.parent, ignore_errors=True)
        install(folder)
        (folder / "complete").touch()
    return folder


def kopf_version() -> str:
    """Return the version in kopf's lock file."""
    line = next(line for line in KOPF_LOCK.read_text().splitlines() if line.startswith("kopf=="))
    return line.removeprefix("kopf==").split()[0]

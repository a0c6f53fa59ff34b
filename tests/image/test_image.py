"""The steps of the Dockerfile, taken from it and done in a folder, without a container."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGET = "/opt/live-migration-webhook"

Step = tuple[str, str]
"""An instruction of the Dockerfile and what it says."""


def steps() -> list[Step]:
    """Return the instructions of the Dockerfile."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    split = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return [(instruction, arguments) for instruction, _, arguments in split]


def stages() -> tuple[list[Step], list[Step]]:
    """Return the instructions of the two stages."""
    everything = steps()
    second = next(place for place, (name, _) in enumerate(everything) if name == "FROM" and place)
    return everything[:second], everything[second:]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what the build stage copies."""
    folder = tmp_path_factory.mktemp("source")
    for name, arguments in stages()[0]:
        if name == "COPY":
            *copied, _ = arguments.split()
            for each in copied:
                _copy(ROOT / each, folder / each)
    return folder


def _copy(what: Path, to: Path) -> None:
    if what.is_dir():
        shutil.copytree(what, to, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(what, to)


@pytest.fixture(scope="module")
def installed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Do what the build stage runs, with a folder of the test's in place of the image's."""
    target = tmp_path_factory.mktemp("image") / "installed"
    for name, arguments in stages()[0]:
        if name == "RUN":
            subprocess.run(arguments.replace(TARGET, str(target)).split(), cwd=source, check=True)
    return target


def test_the_installed_service_says_its_version(installed: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    program = installed / "bin" / "live-migration-webhook"

    answer = subprocess.run([program, "version"], cwd=installed, capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == project["version"]


def test_the_image_holds_what_is_locked_and_nothing_else(installed: Path) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "--python", installed, "freeze", "--all"],
        capture_output=True,
        text=True,
        check=True,
    )
    present = {line.partition(" @ ")[0].lower().replace("_", "-") for line in listed.stdout.splitlines()}
    locked = re.findall(r"^[\w.-]+==\S+", (ROOT / "requirements" / "runtime.txt").read_text(), re.MULTILINE)

    assert present - set(locked) == {"live-migration-webhook"}


def test_all_that_is_copied_gets_into_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [each for name, arguments in stages()[0] if name == "COPY" for each in arguments.split()[:-1]]

    assert [f"!{each}" for each in copied] == [line for line in ignored if line.startswith("!")]


def test_the_base_is_named_by_its_exact_version() -> None:
    bases = [arguments.partition(" ")[0] for name, arguments in steps() if name == "FROM"]

    assert [re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", base) is not None for base in bases] == [True, True]
    assert len(set(bases)) == 1


def test_the_image_runs_as_nobody_from_what_was_installed() -> None:
    final = dict(stages()[1])

    assert final["USER"] == "65532:65532"
    assert final["COPY"] == f"--from=build {TARGET} {TARGET}"
    assert final["ENV"].startswith(f"PATH={TARGET}/bin:$PATH ")
    assert (final["ENTRYPOINT"], final["CMD"]) == ('["live-migration-webhook"]', '["serve"]')
    assert "RUN" not in final

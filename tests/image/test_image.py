"""The steps of the Dockerfile, taken from it and done in folders, without a container."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from testbed.pki import Authority
from testbed.users import write_kubeconfig

ROOT = Path(__file__).parents[2]
TARGET = "/opt/live-migration-webhook"
PACKAGE = "/package"
MEGABYTES = 90
"""What the service may add to its base."""

Step = tuple[str, str]
"""An instruction of the Dockerfile and what it says."""


def steps() -> list[Step]:
    """Return the instructions of the Dockerfile."""
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", "").splitlines()
    split = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return [(instruction, " ".join(arguments.split())) for instruction, _, arguments in split]


def stages() -> list[list[Step]]:
    """Return the instructions of each stage, from its FROM on."""
    found: list[list[Step]] = []
    for step in steps():
        if step[0] == "FROM":
            found.append([])
        if found:
            found[-1].append(step)
    return found


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what the stages that build copy."""
    folder = tmp_path_factory.mktemp("source")
    for copied, to in copies(stages()[:2]):
        for each in copied:
            _copy(ROOT / each, folder / to / Path(each).name)
    return folder


def copies(among: list[list[Step]]) -> list[tuple[list[str], str]]:
    """Return what is copied from the repository, and to where."""
    arguments = [said.split() for stage in among for name, said in stage if name == "COPY" and "--from" not in said]
    return [(copied, to if to.endswith("/") else ".") for *copied, to in arguments]


def _copy(what: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if what.is_dir():
        shutil.copytree(what, to, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(what, to)


@pytest.fixture(scope="module")
def layers(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Do what the stages run, in folders of the test's; return what the two last layers hold."""
    folder = tmp_path_factory.mktemp("image")
    service, package = folder / "service", folder / "package"
    for name, said in (step for stage in stages()[:2] for step in stage):
        if name == "RUN":
            command = [part.replace(TARGET, str(service)).replace(PACKAGE, str(package)) for part in said.split()]
            subprocess.run(command, cwd=source, check=True)
    return service, Path(f"{package}{service}")


@pytest.fixture(scope="module")
def installed(layers: tuple[Path, Path]) -> Path:
    """Lay the last layer over the one before it, as the image does; return the service's folder."""
    service, package = layers
    shutil.copytree(package, service, symlinks=True, dirs_exist_ok=True)
    return service


def test_the_installed_service_says_its_version(installed: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    program = installed / "bin" / "live-migration-webhook"

    answer = subprocess.run([program, "version"], cwd=installed, capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == project["version"]
    assert f'org.opencontainers.image.version="{project["version"]}"' in dict(stages()[2])["LABEL"]
    assert f'org.opencontainers.image.licenses="{project["license"]}"' in dict(stages()[2])["LABEL"]


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


def test_another_line_of_code_makes_another_last_layer_and_no_other(layers: tuple[Path, Path]) -> None:
    before_code = [said for stage in stages()[:1] for name, said in stage if name == "COPY"]
    package = {file.relative_to(layers[1]).as_posix() for file in layers[1].rglob("*") if file.is_file()}
    ours = re.compile(
        r"bin/[\w-]*live-?migration[\w-]*|lib/python3\.\d+/site-packages/(certs/|webhook/|live_migration)"
    )

    assert [each for said in before_code for each in said.split()[:-1] if not each.startswith("requirements/")] == []
    assert [file for file in package if not ours.match(file)] == []
    assert stages()[2][-1] == ("COPY", f"--from=package {PACKAGE} /")


def test_the_service_adds_little_to_its_base(installed: Path) -> None:
    size = sum(file.lstat().st_size for file in installed.rglob("*") if not file.is_dir())

    assert size < MEGABYTES * 1_000_000


def test_everything_that_can_be_imported_is_compiled(installed: Path) -> None:
    def sources(folder: Path) -> set[Path]:
        return {file for file in folder.rglob("*.py") if "/bin/" not in file.as_posix()}

    uncompiled = [
        file
        for file in sources(installed / "lib")
        if not list((file.parent / "__pycache__").glob(f"{file.stem}.*.pyc")) and file.stat().st_size
    ]
    # A template of a package that is no module: its name isn't one.
    assert [file for file in uncompiled if file.stem.isidentifier()] == []


def test_a_kubeconfig_is_read_with_what_is_left_of_the_kubernetes_package(installed: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    kubeconfig = tmp_path / "kubeconfig"
    write_kubeconfig(
        kubeconfig, server="https://127.0.0.1:1", authority=authority.pair.certificate, name="who", token="t-1"
    )
    asked = "import json, sys; from webhook.kube.credentials import Kubeconfig as K; k = K(sys.argv[1]); "
    asked += "print(json.dumps([k.server, k.authorization(), k.tls().authority]))"

    answer = subprocess.run(
        [installed / "bin" / "python", "-c", asked, kubeconfig], capture_output=True, text=True, check=True
    )

    assert json.loads(answer.stdout) == ["https://127.0.0.1:1", "Bearer t-1", authority.bundle.decode()]


def test_certificates_are_looked_at_with_what_is_left_of_the_kubernetes_package(installed: Path) -> None:
    asked = "from kubernetes import client, config; client.ApiClient(client.Configuration()).close(); import certs.cli"

    subprocess.run([installed / "bin" / "python", "-c", asked], check=True)


def test_all_that_is_copied_gets_into_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [each for copied, _ in copies(stages()) for each in copied]

    assert sorted(f"!{each}" for each in copied) == sorted(line for line in ignored if line.startswith("!"))


def test_the_base_is_named_by_its_exact_version_once() -> None:
    bases = [said.partition(" ")[0] for name, said in steps() if name == "FROM"]

    assert [said for name, said in steps() if name == "ARG"] == [said for _, said in steps()[:1]]
    assert re.fullmatch(r"BASE=python:3\.\d+\.\d+-slim-\w+", steps()[0][1])
    assert bases == ["${BASE}", "dependencies", "${BASE}"]
    assert f'default = "{steps()[0][1].partition("=")[2]}"' in (ROOT / "docker-bake.hcl").read_text()


def test_the_image_runs_as_nobody_from_what_was_installed() -> None:
    final = stages()[2]

    assert ("USER", "65532:65532") in final
    assert ("COPY", f"--from=dependencies {TARGET} {TARGET}") in final
    assert dict(final)["ENV"].startswith(f"PATH={TARGET}/bin:$PATH ")
    assert (dict(final)["ENTRYPOINT"], dict(final)["CMD"]) == ('["live-migration-webhook"]', '["serve"]')
    assert "RUN" not in dict(final)

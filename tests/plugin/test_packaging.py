"""What carries the plugin to other places: krew, pre-commit, GitHub Actions."""

import hashlib
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.plugin.conftest import Typed
from tools.examples import PROGRAM, ROOT


def document(name: str) -> Any:
    """Read a YAML file of the repository."""
    return yaml.safe_load((ROOT / name).read_text())


@pytest.fixture(scope="module")
def krew(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build krew's archive and manifest."""
    folder = tmp_path_factory.mktemp("krew")
    subprocess.run([sys.executable, "-m", "tools.krew", folder], cwd=ROOT, check=True)
    return folder


def test_krews_manifest_fits_its_archive(krew: Path) -> None:
    archive = krew / "kubectl-livemigration.tar.gz"
    (platform,) = yaml.safe_load((krew / "livemigration.yaml").read_text())["spec"]["platforms"]
    assert platform["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    with tarfile.open(archive) as tar:
        modes = {member.name: member.mode for member in tar.getmembers()}
    assert modes[platform["bin"]] == modes["kubectl_complete-livemigration"] == 0o755
    assert any(name.endswith(".whl") for name in modes)


def test_krews_launcher_runs_what_it_set_up(krew: Path, tmp_path: Path) -> None:
    with tarfile.open(krew / "kubectl-livemigration.tar.gz") as tar:
        tar.extractall(tmp_path, filter="data")
    launcher = tmp_path / "kubectl-livemigration"
    environment = next(
        line.partition("/kubectl-livemigration/")[2].rstrip('"')
        for line in launcher.read_text().splitlines()
        if line.startswith("environment=")
    )
    made = tmp_path / "cache" / "kubectl-livemigration" / environment
    made.mkdir(parents=True)
    (made / "bin").symlink_to(PROGRAM.parent)
    (made / "complete").touch()
    result = subprocess.run(
        [launcher, "check", "-f", ROOT / "examples" / "cluster" / "shop.yaml"],
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (1, "")
    assert "read-write-once" not in result.stdout.splitlines()[-1]


def test_krews_launcher_says_when_python_is_too_old(krew: Path, tmp_path: Path) -> None:
    with tarfile.open(krew / "kubectl-livemigration.tar.gz") as tar:
        tar.extractall(tmp_path, filter="data")
    result = subprocess.run(
        [tmp_path / "kubectl-livemigration"],
        env={**os.environ, "PYTHON": "/bin/false", "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (
        2,
        "error: this needs Python 3.11 or later; PYTHON=/path/to/python3 names another one\n",
    )


def test_the_hook_of_pre_commit_checks_the_files_that_it_is_given(typed: Typed) -> None:
    (hook,) = document(".pre-commit-hooks.yaml")
    _, *arguments = hook["entry"].split()
    answer = typed(*arguments, "examples/cluster/office.yaml", "examples/cluster/kubevirt.yaml")
    assert (answer.code, answer.out.splitlines()[-1]) == (1, "2 of 3 VMs cannot move.")


def test_the_action_writes_sarif_and_fails_where_a_vm_can_not_move(tmp_path: Path) -> None:
    """Its second step runs as it stands, in an environment that its first step would have made."""
    install, check = document("action.yml")["runs"]["steps"]
    assert "requirements/runtime.txt" in install["run"]
    (tmp_path / "live-migration").mkdir()
    (tmp_path / "live-migration" / "bin").symlink_to(PROGRAM.parent)
    sarif = tmp_path / "out.sarif"
    result = subprocess.run(
        ["bash", "-c", check["run"]],
        cwd=ROOT,
        env={
            **os.environ,
            "RUNNER_TEMP": str(tmp_path),
            "MANIFESTS": "examples/cluster/office.yaml examples/cluster/lab.yaml",
            "ARGUMENTS": "--profile kubevirt",
            "SARIF": str(sarif),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout.splitlines()[-1]) == (1, "2 of 7 VMs cannot move.")
    assert '"ruleId": "bridge-network"' in sarif.read_text()

"""What `make release` writes: the same bytes each time, whole, and with the addresses where readers look for them."""

import hashlib
import os
import re
import subprocess
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from testbed.chart import KUBE_VERSION, Values, helm
from testbed.chart_values import APIS
from tests.release.conftest import DIGEST, REPOSITORY, made
from tools.linters import program
from tools.release import ROOT, changelog
from tools.release.addresses import version

SOURCE = f"https://github.com/{REPOSITORY}"
DOWNLOADS = f"{SOURCE}/releases/download/v{version()}"


def the(folder: Path, pattern: str) -> Path:
    """Return the one artefact that a pattern fits."""
    (found,) = folder.glob(pattern)
    return found


def digests(folder: Path) -> dict[str, str]:
    """Return what is in a folder, each file with its checksum."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def metadata(wheel: Path) -> Message:
    """Return what a wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def chart(folder: Path, name: str) -> Any:
    """Return a YAML file of the packaged chart."""
    with tarfile.open(the(folder, "*.tgz")) as archive:
        file = archive.extractfile(f"live-migration-webhook/{name}")
        assert file is not None
        return yaml.safe_load(file.read())


def rendered(folder: Path, values: Values | None = None) -> str:
    """Return what the packaged chart installs."""
    options = ["--kube-version", KUBE_VERSION, *(f"--api-versions={api}" for api in APIS)]
    return helm("template", "lmw", str(the(folder, "*.tgz")), *options, values=values or {})


def test_twice_the_same_bytes_whoever_makes_it_and_where(release: Path, tmp_path: Path) -> None:
    elsewhere = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7", "TMPDIR": str(tmp_path)}
    again = made(tmp_path / "again", "--image-digest", DIGEST, umask=0o077, GITHUB_REPOSITORY=REPOSITORY, **elsewhere)

    assert digests(again) == digests(release)


def test_everything_is_there_with_its_checksum(release: Path) -> None:
    checked = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=release, capture_output=True, check=True)

    assert {line.partition(b":")[0].decode() for line in checked.stdout.splitlines()} | {"SHA256SUMS"} == {
        "NOTES.md",
        "SHA256SUMS",
        "kubectl-livemigration.tar.gz",
        f"live-migration-webhook-{version()}.cdx.json",
        f"live-migration-webhook-{version()}.tgz",
        f"live_migration_webhook-{version()}-py3-none-any.whl",
        "livemigration.yaml",
    }  # fmt: skip


def test_the_wheel_says_where_it_comes_from(release: Path) -> None:
    said = metadata(the(release, "*.whl"))
    urls = dict(each.split(", ") for each in said.get_all("Project-URL", []))

    assert urls["Source"] == SOURCE
    assert urls["Changelog"] == f"{SOURCE}/blob/v{version()}/CHANGELOG.md"
    assert (said["License-Expression"], said["Version"]) == ("Apache-2.0", version())
    assert f"({SOURCE}/blob/v{version()}/CONTRIBUTING.md)" in said.get_payload()


def test_the_wheel_can_be_installed_beside_others(release: Path) -> None:
    """Exact versions would shut out whatever needs another one."""
    wanted = metadata(the(release, "*.whl")).get_all("Requires-Dist", [])

    assert [each for each in wanted if "==" in each] == []


def test_the_wheel_has_the_two_packages_and_nothing_else(release: Path) -> None:
    with zipfile.ZipFile(the(release, "*.whl")) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}

    assert tops == {"webhook", "certs", f"live_migration_webhook-{version()}.dist-info"}


def test_the_chart_runs_the_image_of_the_release_by_its_digest(release: Path) -> None:
    images = set(re.findall(r"image: \"?([^\s\"]+)", rendered(release)))

    assert images == {f"ghcr.io/acme/live-migration@{DIGEST}"}


def test_the_alerts_of_the_chart_point_to_the_runbook_of_the_release(release: Path) -> None:
    values = {"monitoring": {"prometheusRule": {"enabled": True}}}
    pages = {page.partition("#")[0] for page in re.findall(r"runbook_url: (\S+)", rendered(release, values))}

    assert pages == {f"{SOURCE}/blob/v{version()}/charts/live-migration-webhook/README.md"}


def test_the_chart_tells_catalogues_where_it_comes_from(release: Path) -> None:
    said = chart(release, "Chart.yaml")

    assert (said["home"], said["sources"], said["version"], said["appVersion"]) == (
        f"{SOURCE}#readme", [SOURCE], version(), version(),
    )  # fmt: skip
    assert said["icon"] == f"{SOURCE}/raw/v{version()}/docs/icon.svg"
    assert (ROOT / "docs" / "icon.svg").exists()
    assert yaml.safe_load(said["annotations"]["artifacthub.io/images"]) == [
        {"name": "live-migration-webhook", "image": f"ghcr.io/acme/live-migration:{version()}@{DIGEST}"}
    ]
    assert said["maintainers"]


def test_helm_finds_nothing_wrong_with_the_packaged_chart(release: Path) -> None:
    assert helm("lint", str(the(release, "*.tgz")), "--strict", "--quiet") == ""


def test_nothing_of_a_chart_changes_but_its_addresses(addressless: Path) -> None:
    present = yaml.safe_load((ROOT / "charts" / "live-migration-webhook" / "values.yaml").read_text())

    assert chart(addressless, "values.yaml") == present


def test_the_bill_of_materials_has_what_is_locked_each_with_its_licence(release: Path) -> None:
    bill = orjson.loads(the(release, "*.cdx.json").read_bytes())
    components = {f"{re.sub('[-_.]+', '-', each['name'].lower())}=={each['version']}" for each in bill["components"]}
    locked = set(re.findall(r"^([\w.-]+==[^\s;]+)", (ROOT / "requirements" / "runtime.txt").read_text(), re.MULTILINE))

    assert components <= locked
    assert {name.partition("==")[0] for name in components} >= {"flask", "cryptography", "gunicorn"}
    assert [each["name"] for each in bill["components"] if not each.get("licenses")] == []
    assert bill["metadata"]["component"]["version"] == version()


@pytest.mark.parametrize("which", ["release", "addressless"])
def test_krews_manifest_fits_its_archive(which: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(which)
    (platform,) = yaml.safe_load((folder / "livemigration.yaml").read_text())["spec"]["platforms"]

    name = "kubectl-livemigration.tar.gz"
    assert platform["uri"] == (f"{DOWNLOADS}/{name}" if which == "release" else name)
    assert platform["sha256"] == digests(folder)[name]


def test_krew_installs_the_plugin_and_the_plugin_sets_itself_up(release: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "KREW_ROOT": str(tmp_path / "krew"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    archive = release / "kubectl-livemigration.tar.gz"
    manifest = release / "livemigration.yaml"
    subprocess.run(
        [program("krew"), "install", f"--manifest={manifest}", f"--archive={archive}"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    first, second = (
        subprocess.run(
            [tmp_path / "krew" / "bin" / "kubectl-livemigration", "check", "-f", "examples/cluster/office.yaml"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        for _ in range(2)
    )

    assert first.stderr == f"Setting up kubectl livemigration {version()}, once …\n"
    assert (first.returncode, first.stdout.splitlines()[-1]) == (1, "2 of 3 VMs cannot move.")
    assert (second.stdout, second.stderr) == (first.stdout, "")


def test_krews_launcher_says_when_python_is_too_old(release: Path, tmp_path: Path) -> None:
    with tarfile.open(release / "kubectl-livemigration.tar.gz") as tar:
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


def test_the_notes_tell_what_changed_and_how_to_make_sure(release: Path) -> None:
    notes = (release / "NOTES.md").read_text()

    assert changelog.section(version(), changelog.text()) in notes
    assert f"oci://ghcr.io/acme/charts/live-migration-webhook --version {version()}" in notes
    assert f"cosign verify ghcr.io/acme/live-migration:{version()}@{DIGEST}" in notes


@pytest.mark.parametrize(
    ("tag", "heading", "fault"),
    [
        ("v1.2.3", "## 1.2.3 (2026-11-28)", ""),
        ("v1.2.4", "## 1.2.3 (2026-11-28)", "the tag is v1.2.4, and pyproject.toml has version 1.2.3"),
        ("v1.2.3", "## 1.2.3 (unreleased)", "CHANGELOG.md has no heading `## 1.2.3 (YYYY-MM-DD)`"),
    ],
)
def test_a_tag_that_is_not_ready_is_refused(tag: str, heading: str, fault: str) -> None:
    assert changelog.fault(tag, "1.2.3", f"# Changelog\n\n{heading}\n\n- told\n") == fault

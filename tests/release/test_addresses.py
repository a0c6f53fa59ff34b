"""The five addresses of a release: each is set in one place, and follows from the repository where that is GitHub's."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pytest

from tools.release import ROOT, addresses, tree
from tools.release.addresses import Addresses, completed

ON_GITHUB: Final = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "Acme/Live-Migration"}
SOURCE: Final = "https://github.com/Acme/Live-Migration"


def test_all_follow_from_the_repository_that_makes_the_release() -> None:
    assert asdict(completed(Addresses(), "1.2.3", ON_GITHUB)) == {
        "source": SOURCE,
        "image": "ghcr.io/acme/live-migration",
        "charts": "ghcr.io/acme/charts",
        "documentation": f"{SOURCE}#readme",
        "runbook": f"{SOURCE}/blob/v1.2.3/charts/live-migration-webhook/README.md",
    }


@pytest.mark.parametrize("name", asdict(Addresses()))
def test_what_is_written_down_wins(name: str) -> None:
    written = Addresses(**{name: "https://elsewhere.example"})

    assert asdict(completed(written, "1.2.3", ON_GITHUB))[name] == "https://elsewhere.example"


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({}, id="on a machine of one's own"),
        pytest.param(ON_GITHUB | {"GITHUB_SERVER_URL": "https://git.acme.example"}, id="on a GitHub of one's own"),
    ],
)
def test_nothing_is_made_up(environ: Mapping[str, str]) -> None:
    known = completed(Addresses(), "1.2.3", environ)

    assert (known.image, known.charts, known.documentation, known.runbook) == ("", "", "", "")


def test_a_workflow_can_ask_before_anything_is_installed() -> None:
    bare = Path(sys.base_prefix) / "bin" / "python3"
    said = subprocess.run(
        [bare, "-S", "-m", "tools.release.addresses"],
        cwd=ROOT,
        env={**ON_GITHUB, "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert f"version={addresses.version()}\n" in said
    assert "image=ghcr.io/acme/live-migration\n" in said


def test_the_file_names_each_address_and_the_documentation_each_of_them() -> None:
    documentation = (ROOT / "docs" / "release.md").read_text()

    assert set(addresses.written()) == set(asdict(Addresses()))
    assert [name for name in asdict(Addresses()) if f"`{name}`" not in documentation] == []


def test_no_file_has_an_address_to_be_replaced_by_hand() -> None:
    found = subprocess.run(
        [
            "git",
            "grep",
            "-nIE",
            r"\.invalid\b|//[^/ ]+/(OWNER|ORG|USER)\b|<(owner|org|user)>",
            "--",
            ":!tests",
            ":!*.sum",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""


def test_links_of_the_readme_lead_back_to_the_version_they_were_read_in() -> None:
    known = Addresses(source=SOURCE)
    text = "[a](docs/a.md#b) [c](https://c.example) [d](#d) ![e](examples/e.png)"

    assert tree.with_absolute_links(text, known, "1.2.3") == (
        f"[a]({SOURCE}/blob/v1.2.3/docs/a.md#b) [c](https://c.example) [d](#d) ![e]({SOURCE}/raw/v1.2.3/examples/e.png)"
    )

"""The notes of a release: what changed, where its parts are, and how to make sure that they are ours."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.release import NAME, changelog
from tools.release.addresses import GITHUB, Addresses

ISSUER: Final = "https://token.actions.githubusercontent.com"
"""Who vouches for the identity of a workflow."""


def write(folder: Path, known: Addresses, version: str, image: str) -> Path:
    """Write the notes; what isn't known is left out. `image` is the one that the chart names."""
    file = folder / "NOTES.md"
    file.write_text("\n\n".join(_parts(known, version, image)) + "\n", encoding="utf-8")
    return file


def _parts(known: Addresses, version: str, image: str) -> Iterator[str]:
    yield changelog.section(version, changelog.text())
    yield f"Image: `{image}`"
    if known.charts:
        chart = f"oci://{known.charts}/{NAME} --version {version}"
        yield _shell(f"helm install {NAME} {chart} --namespace {NAME} --create-namespace")
    if known.source.startswith(GITHUB):
        repository = known.source.removeprefix(GITHUB)
        workflow = f"{known.source}/.github/workflows/release.yml@refs/tags/v{version}"
        yield "Image, chart and files are signed by the workflow that made them:"
        yield _shell(
            f"gh attestation verify oci://{image} --repo {repository}",
            f"gh attestation verify FILE --repo {repository}",
            f"cosign verify {image} --certificate-identity {workflow} --certificate-oidc-issuer {ISSUER}",
        )


def _shell(*commands: str) -> str:
    return "\n".join(["```sh", *commands, "```"])

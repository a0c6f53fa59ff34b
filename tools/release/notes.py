"""The notes of a release: what changed, where its parts are, and how to make sure that they are ours."""

from collections.abc import Iterator
from pathlib import Path

from tools.release import NAME, changelog
from tools.release.addresses import GITHUB, Addresses


def write(folder: Path, known: Addresses, version: str, image: str) -> Path:
    """Write the notes; what isn't known is left out. `image` is the one that the chart names."""
    file = folder / "NOTES.md"
    file.write_text("\n".join(_lines(known, version, image)), encoding="utf-8")
    return file


def _lines(known: Addresses, version: str, image: str) -> Iterator[str]:
    yield changelog.section(version, changelog.text())
    yield ""
    yield f"Image: `{image}`"
    if known.charts:
        yield from ("", "```sh", f"helm install {NAME} oci://{known.charts}/{NAME} --version {version} \\")
        yield from (f"  --namespace {NAME} --create-namespace", "```")
    if known.source.startswith(GITHUB):
        repository = known.source.removeprefix(GITHUB)
        workflow = f"{known.source}/.github/workflows/release.yml@refs/tags/v{version}"
        yield from ("", "Image, chart and files are signed by the workflow that made them:", "", "```sh")
        yield f"gh attestation verify oci://{image} --repo {repository}"
        yield f"gh attestation verify FILE --repo {repository}"
        yield f"cosign verify {image} --certificate-identity {workflow} \\"
        yield from ("  --certificate-oidc-issuer https://token.actions.githubusercontent.com", "```")
    yield ""

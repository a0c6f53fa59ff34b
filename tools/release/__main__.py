"""Writes everything of a release that needs no registry into a folder, and the checksums of all of it."""

import argparse
import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from tools.release import ROOT, chart, notes, plugin, sbom, tree, wheel
from tools.release.addresses import addresses, version


def build(folder: Path, *, digest: str = "") -> list[Path]:
    """Make the artefacts in a folder; return them. `digest` is the image's, where it has been pushed already."""
    folder.mkdir(parents=True, exist_ok=True)
    release, moment = version(), tree.moment()
    known = addresses(release)
    with tempfile.TemporaryDirectory() as copied:
        source = Path(copied)
        tree.copy(source)
        tree.write_addresses(source, known, release)
        image = chart.write_addresses(source, known, release, digest)
        built = wheel.build(source, folder, moment)
        archive = plugin.build(source, built, folder, release, moment)
        artefacts = [
            built,
            archive,
            plugin.write_manifest(source, archive, known, release),
            chart.build(source, folder, release, moment),
            sbom.write(source, folder, release),
            notes.write(folder, known, release, image),
        ]
    return [*artefacts, write_checksums(artefacts)]


def write_checksums(artefacts: Iterable[Path]) -> Path:
    """Write the checksums as sha256sum reads them, beside the artefacts; return the file."""
    lines = {each: f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.name}\n" for each in artefacts}
    file = next(iter(lines)).with_name("SHA256SUMS")
    file.write_text("".join(lines.values()), encoding="utf-8")
    return file


def main() -> None:
    """Make a release, and say what came out and which addresses nobody has set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "dist")
    parser.add_argument("--image-digest", default="", metavar="sha256:…", help="the image's, once it has been pushed")
    arguments = parser.parse_args()
    for each in build(arguments.folder, digest=arguments.image_digest):
        print(each)
    if unset := [name for name, address in asdict(addresses(version())).items() if not address]:
        print(f"Without {', '.join(unset)}: docs/release.md tells where to set them.")


if __name__ == "__main__":
    main()

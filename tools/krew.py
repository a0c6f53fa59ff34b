"""The archive that krew installs, and its manifest: `make krew` writes both to `dist/`.

The archive has the wheel, the lock file, and a launcher that makes an environment from them at its first start: a
Python program with compiled dependencies can't be one file for all platforms.
"""

import argparse
import hashlib
import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
NAME: Final = "kubectl-livemigration"
COMPLETION: Final = "kubectl_complete-livemigration"
EXECUTABLE: Final = 0o755
PLAIN: Final = 0o644


def build(folder: Path) -> Path:
    """Build wheel, archive and manifest in a folder; return the archive."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wheel = next(folder.glob("*.whl"))
    archive = folder / f"{NAME}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, content, mode in _members(wheel):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            tar.addfile(member, io.BytesIO(content))
    (folder / "livemigration.yaml").write_text(manifest(archive), encoding="utf-8")
    return archive


def manifest(archive: Path) -> str:
    """Return the manifest for this archive."""
    template = (ROOT / ".krew.yaml").read_text(encoding="utf-8")
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    return template.replace("@VERSION@", version("live-migration-webhook")).replace("@SHA256@", checksum)


def _members(wheel: Path) -> Iterator[tuple[str, bytes, int]]:
    launcher = (ROOT / "krew" / NAME).read_text(encoding="utf-8")
    filled = launcher.replace("@VERSION@", version("live-migration-webhook")).replace("@WHEEL@", wheel.name).encode()
    yield NAME, filled, EXECUTABLE
    yield COMPLETION, filled, EXECUTABLE
    yield wheel.name, wheel.read_bytes(), PLAIN
    yield "runtime.txt", (ROOT / "requirements" / "runtime.txt").read_bytes(), PLAIN
    yield "LICENSE", (ROOT / "LICENSE").read_bytes() if (ROOT / "LICENSE").exists() else b"Apache-2.0\n", PLAIN


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "dist")
    build(parser.parse_args().folder)

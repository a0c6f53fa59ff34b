"""Container images, built without a registry: a base like Docker's python image, ours from the Dockerfile, and others.

Everything is kept in the user's cache directory. Nothing of this machine gets into an image: its settings of pip and
its authorities are mounted while the Dockerfile's steps run.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from testbed import build

ROOT: Final = Path(__file__).parents[2]
DOCKERFILE: Final = ROOT / "Dockerfile"
AUTHORITIES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
PACKAGES: Final = ("python3", "python3-venv", "ca-certificates")
"""What the base needs to be what the Dockerfile takes it for."""
KEPT: Final = 24 * 3600
"""Seconds that the archive of an image that has changed since is kept."""
PIP_SETTINGS: Final = ("index-url", "extra-index-url", "trusted-host", "proxy", "cert", "default-timeout", "timeout")
"""Settings of the machine's pip that say how packages are reached."""


class ImageError(Exception):
    """An image could not be built; the message ends with what was printed."""


def store() -> Path:
    """Return the folder of images and of what they are built from."""
    folder = build.cache().parent / "images"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def ours(name: str) -> Path:
    """Build the project's image from its Dockerfile as it is written; return it as an archive under that name."""
    _base(_from())
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as settings:
        settings.write(_pip_settings())
        settings.flush()
        mounts = [(settings.name, "/etc/pip.conf"), (str(AUTHORITIES), str(AUTHORITIES))]
        volumes = [f"--volume={source}:{target}:ro" for source, target in mounts if Path(source).exists()]
        _say(f"building {name}")
        identity = _build(name, "--network=host", "--pull-never", "--layers", *volumes, str(ROOT))
    return _archive(name, identity)


def of_program(name: str, program: Path) -> Path:
    """Return an image that is nothing but a program that needs no other file, as an archive under that name."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy2(program, Path(folder) / "program")
        (Path(folder) / "Dockerfile").write_text('FROM scratch\nCOPY program /\nENTRYPOINT ["/program"]\n')
        return _archive(name, _build(name, "--layers", folder))


def _from() -> str:
    """Return the base that the Dockerfile names."""
    found = re.search(r"^(?:ARG BASE=|FROM )(python:\S+)", DOCKERFILE.read_text(), re.MULTILINE)
    if found is None:
        raise ImageError(f"{DOCKERFILE} is not based on python:…")
    return found[1]


def _base(name: str) -> None:
    """Make a stand-in for Docker's python image of that name: the same Debian with its own Python."""
    if _buildah("images", "--quiet", "--filter", f"reference=localhost/{name}").strip():
        return
    suite = name.rpartition("-")[2]
    _say(f"making a stand-in for {name} with debootstrap (some minutes)")
    with tempfile.TemporaryDirectory(dir=store()) as folder:
        root = Path(folder) / "root"
        command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", suite, str(root)]
        _run([*command, *_mirror()])
        for packages in (root / "var/cache/apt/archives").glob("*.deb"):
            packages.unlink()
        (root / "usr/local/bin/python3").symlink_to("/usr/bin/python3")
        (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        (Path(folder) / "Dockerfile").write_text('FROM scratch\nCOPY root /\nCMD ["python3"]\n')
        _build(name, folder)


def _mirror() -> list[str]:
    """Return where this machine gets its packages from, when it is a Debian itself."""
    if "ID=debian" not in Path("/etc/os-release").read_text().splitlines():
        return []
    sites = _run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]).split()
    return [site for site in sites if "security" not in site][:1]


def _pip_settings() -> str:
    """Return how this machine's pip reaches packages, as a configuration file."""
    listed = _run([sys.executable, "-m", "pip", "config", "list"])
    found = re.findall(r"^(?:global|:env:)\.([\w-]+)='(.*)'$", listed, re.MULTILINE)
    chosen = {name: value for name, value in found if name in PIP_SETTINGS}
    return "\n".join(["[global]", *(f"{name} = {value}" for name, value in chosen.items()), ""])


def _archive(name: str, identity: str) -> Path:
    """Return the image of that identity as an archive that containerd imports under the name."""
    slug = re.sub(r"[^a-z0-9.]+", "-", name)
    archive = store() / f"{slug}-{identity[:16]}.tar"
    if not archive.exists():
        for old in store().glob(f"{slug}-*.tar"):
            # Another run may be about to import a newer one.
            if time.time() - old.stat().st_mtime > KEPT:
                old.unlink()
        unfinished = archive.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        _buildah("push", "--quiet", identity, f"oci-archive:{unfinished}:{name}")
        unfinished.rename(archive)
    return archive


def _build(name: str, *arguments: str) -> str:
    """Build an image under a name of this machine's; return its identity."""
    with tempfile.NamedTemporaryFile("r") as identity:
        _buildah("build", "--isolation=chroot", f"--iidfile={identity.name}", f"--tag=localhost/{name}", *arguments)
        return identity.read().strip().removeprefix("sha256:")


def _buildah(*arguments: str) -> str:
    places = [f"--root={store() / 'storage'}", f"--runroot={store() / 'run'}", "--storage-driver=overlay"]
    return _run(["buildah", *places, *arguments])


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()[-30:]
        raise ImageError("\n".join([f"{' '.join(command)} failed:", *lines]))
    return done.stdout


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)

"""Builds the programs of the control plane with Go, once for each content of their modules.

The programs are kept under the user's cache directory, in a folder named after the content of the
module's go.mod, go.sum and Go files, of the Go version and of the build flags. Go's own settings
(proxy, checksum database, …) are the machine's; none is written here.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

KEPT_BUILDS = 3
"""Builds of one module that stay in the cache: the newest ones."""


class GoMissingError(Exception):
    """Go isn't installed; the message says what to install."""


class BuildFailedError(Exception):
    """Go refused to build a module; the message carries what it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A Go module beside this file and the programs built from it."""

    folder: Path
    """Where its Go files are."""
    go_mod: str = "go.mod"
    """Its go.mod, from the folder; its go.sum is beside it. Several are several versions of what it depends on."""
    tags: tuple[str, ...] = ()
    """Build tags."""
    packages: Mapping[str, str]
    """Program -> the package it is built from."""
    links: tuple[str, ...] = ()
    """Further names of the first program, which picks what it does by its name."""
    prints: tuple[str, ...] = ()
    """Arguments with which the first program prints JSON, kept beside it as `ARGUMENT.json`."""
    version_of: str
    """The required module whose version the programs report."""
    version_variables: tuple[str, ...] = field(default=())
    """Linker variables; `{version}` is v1.35.4, `{minor}` is 35."""

    @property
    def name(self) -> str:
        """Name of the module's builds in the cache."""
        own = Path(self.go_mod).stem
        return self.folder.name if own == "go" else f"{self.folder.name}-{own}"

    @property
    def version(self) -> str:
        """The version that go.mod requires, as v1.35.4."""
        go_mod = (self.folder / self.go_mod).read_text()
        required = re.search(rf"^\s*(?:require )?{re.escape(self.version_of)} (v\S+)", go_mod, re.MULTILINE)
        if required is None:
            raise BuildFailedError(f"{self.folder / self.go_mod} does not require {self.version_of}")
        return required[1]

    def source(self) -> Path:
        """Return where Go keeps the source of that required module, which carries manifests too."""
        return Path(_run("go", "list", "-m", "-f", "{{.Dir}}", self.version_of, folder=self.folder).strip())

    def linker_flags(self) -> str:
        """Strip symbols; let the programs tell their version."""
        minor = self.version.split(".")[1]
        settings = (variable.format(version=self.version, minor=minor) for variable in self.version_variables)
        return " ".join(["-s", "-w", *(f"-X {setting}" for setting in settings)])

    def key(self) -> str:
        """Name of the build: a digest of everything that decides what comes out."""
        digest = hashlib.sha256()
        go_mod = self.folder / self.go_mod
        for file in sorted([go_mod, go_mod.with_suffix(".sum"), *self.folder.rglob("*.go")]):
            content = file.read_bytes()
            digest.update(f"{file.relative_to(self.folder)} {len(content)}\n".encode() + content)
        digest.update(_run("go", "env", "GOVERSION", "GOOS", "GOARCH", folder=self.folder).encode())
        digest.update(repr((self.tags, self.packages, self.links, self.prints, self.linker_flags())).encode())
        return digest.hexdigest()[:16]


HERE = Path(__file__).parent
KUBERNETES = Module(
    folder=HERE / "kubernetes",
    packages={"kubernetes": "."},
    links=(
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-proxy",
        "kube-scheduler",
        "kubectl",
        "kubelet",
        "leash",
    ),
    version_of="k8s.io/kubernetes",
    version_variables=(
        "k8s.io/component-base/version.gitVersion={version}",
        "k8s.io/component-base/version.gitMajor=1",
        "k8s.io/component-base/version.gitMinor={minor}",
    ),
)
KUBEVIRT = Module(
    folder=HERE / "kubevirt",
    packages={"kubevirt": ".", "virt-api": "./virtapi"},
    links=("virt-controller",),
    prints=("crds", "rbac", "webhooks"),
    version_of="kubevirt.io/kubevirt",
    version_variables=("kubevirt.io/client-go/version.gitVersion={version}",),
)
VIRTCTL = Module(
    folder=HERE / "virtctl",
    packages={"virtctl": "kubevirt.io/kubevirt/cmd/virtctl"},
    version_of="kubevirt.io/kubevirt",
    version_variables=("kubevirt.io/client-go/version.gitVersion={version}",),
)
"""The client that people have; only its own tests need it."""
CLUSTER_BASICS = Module(
    folder=HERE / "cluster" / "basics",
    packages={"coredns": "./coredns", "pause": "./pause"},
    version_of="github.com/coredns/coredns",
)
METRICS_SERVER = Module(
    folder=HERE / "cluster" / "metrics-server",
    packages={"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server"},
    version_of="sigs.k8s.io/metrics-server",
)
KUBE_ROUTER = Module(
    folder=HERE / "cluster" / "kube-router",
    packages={"kube-router": "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router"},
    version_of="github.com/cloudnativelabs/kube-router/v2",
)
CERT_MANAGER = Module(
    folder=HERE / "cluster" / "cert-manager",
    packages={
        "cert-manager-controller": "github.com/cert-manager/cert-manager/cmd/controller",
        "cert-manager-cainjector": "github.com/cert-manager/cert-manager/cmd/cainjector",
    },
    version_of="github.com/cert-manager/cert-manager",
)
TOOLS = Module(
    folder=HERE / "tools",
    packages={
        "helm": "helm.sh/helm/v3/cmd/helm",
        "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform",
    },
    version_of="helm.sh/helm/v3",
    version_variables=("helm.sh/helm/v3/internal/version.version={version}",),
)


def build(*modules: Module, progress: TextIO | None = None) -> dict[str, Path]:
    """Build what isn't in the cache yet; return each program's path by its name.

    Without arguments: all modules. Progress goes to standard error.
    Raises GoMissingError, or BuildFailedError when Go refuses.
    """
    if shutil.which("go") is None:
        raise GoMissingError("Go is missing: install Go 1.26 or newer so that `go` is on the PATH")
    programs: dict[str, Path] = {}
    for module in modules or (KUBERNETES, KUBEVIRT, TOOLS):
        folder = _build_once(module, progress or sys.stderr)
        programs |= {name: folder / name for name in (*module.packages, *module.links)}
    return programs


def cache() -> Path:
    """Folder of the builds, in the user's cache directory."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "live-migration-webhook" / "controlplane"


def _build_once(module: Module, progress: TextIO) -> Path:
    """Folder with the module's programs, from the cache or built now by one process at a time."""
    home = cache() / module.name
    folder = home / module.key()
    if not folder.exists():
        home.mkdir(parents=True, exist_ok=True)
        with _lock(home / "lock", progress):
            if not folder.exists():
                _build(module, folder, progress)
                _forget_old_builds(home)
    os.utime(folder)
    return folder


def _build(module: Module, folder: Path, progress: TextIO) -> None:
    """Build into a temporary folder, which gets its name only when it is complete."""
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=folder.parent))
    try:
        for program, package in module.packages.items():
            _build_program(module, package, unfinished / program, progress)
        first = next(iter(module.packages))
        for link in module.links:
            (unfinished / link).symlink_to(first)
        for argument in module.prints:
            (unfinished / f"{argument}.json").write_text(_run(unfinished / first, argument, folder=unfinished))
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished)
        raise


def _build_program(module: Module, package: str, output: Path, progress: TextIO) -> None:
    """Run `go build`, with the elapsed seconds on one line of progress."""
    flags = ["-mod=readonly", f"-modfile={module.go_mod}", "-tags", ",".join(module.tags)]
    flags += ["-trimpath", "-buildvcs=false", "-ldflags", module.linker_flags()]
    started = time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as printed,
        subprocess.Popen(
            ["go", "build", *flags, "-o", output, package],
            cwd=module.folder,
            env=os.environ | {"CGO_ENABLED": "0"},
            stdout=printed,
            stderr=subprocess.STDOUT,
        ) as go,
    ):
        try:
            for line in _lines_of_progress(f"building {output.name}", go, started, rewrite=progress.isatty()):
                print(line, end="", file=progress, flush=True)
        except BaseException:
            go.terminate()
            raise
        printed.seek(0)
        if go.returncode:
            raise BuildFailedError(f"go build {package} in {module.folder} failed:\n{printed.read()}")


def _lines_of_progress(title: str, process: subprocess.Popen[bytes], started: float, *, rewrite: bool) -> Iterator[str]:
    """Until the process has ended: one line, rewritten each second on a terminal, two lines in a log."""
    if not rewrite:
        yield f"{title} (some minutes when Go's own cache is empty)\n"
    start = "\r" if rewrite else ""
    while process.poll() is None:
        if rewrite:
            yield f"{start}{title}: {time.monotonic() - started:.0f} s"
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue
    outcome = "failed" if process.returncode else "done"
    yield f"{start}{title}: {outcome} after {time.monotonic() - started:.0f} s\n"


@contextmanager
def _lock(file: Path, progress: TextIO) -> Iterator[None]:
    """Hold the file's lock; it is released however this process ends."""
    with file.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another build of {file.parent.name}", file=progress, flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _forget_old_builds(home: Path) -> None:
    """Remove all but the builds used last, and what interrupted builds left."""
    folders = sorted((entry for entry in home.iterdir() if entry.is_dir()), key=lambda entry: entry.stat().st_mtime)
    unfinished = [folder for folder in folders if folder.name.startswith("unfinished-")]
    finished = [folder for folder in folders if folder not in unfinished]
    for folder in [*unfinished, *finished[:-KEPT_BUILDS]]:
        shutil.rmtree(folder)


def _run(program: str | Path, *arguments: str, folder: Path) -> str:
    """Return what a program prints; a Go command prints what holds for the module in the folder."""
    result = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        raise BuildFailedError(f"{program} {' '.join(arguments)} failed:\n{result.stderr}")
    return result.stdout

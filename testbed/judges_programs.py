"""The programs of the judges, each built with several versions of what it judges by.

`testbed/judges/versions` has a go.mod and a go.sum for each.
"""

from pathlib import Path
from typing import Final

from testbed.build import HERE, Module, build

FOLDER: Final = HERE / "judges"
JUDGED_BY: Final = {"kubevirt": "kubevirt.io/kubevirt", "scheduler": "k8s.io/kubernetes"}
"""Program -> the module whose code judges."""

OLDEST_TAG: Final = {"kubevirt": 5, "scheduler": 35}
"""Program -> the first minor version of which Go files may have a build tag."""


def versions(name: str) -> tuple[str, ...]:
    """Return the versions that a program can be built with, as v1.9.0, the oldest first."""
    found = (file.stem.removeprefix(f"{name}-") for file in (FOLDER / "versions").glob(f"{name}-*.mod"))
    return tuple(sorted(found, key=lambda version: [int(part) for part in version.removeprefix("v").split(".")]))


def tags(name: str, version: str) -> tuple[str, ...]:
    """Return the build tags of a version: `kubevirt1_5` where it is 1.5 or newer, and so on."""
    minor = int(version.split(".")[1])
    return tuple(f"{name}1_{number}" for number in range(OLDEST_TAG[name], minor + 1))


def program(name: str, version: str) -> Path:
    """Return a program, built where it isn't yet; BuildFailedError when Go refuses."""
    module = Module(
        folder=FOLDER,
        go_mod=f"versions/{name}-{version}.mod",
        tags=tags(name, version),
        packages={f"{name}-judge": f"./{name}"},
        version_of=JUDGED_BY[name],
    )
    return build(module)[f"{name}-judge"]

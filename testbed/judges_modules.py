"""Writes the go.mod and go.sum with which a judge is built: `python -m testbed.judges_modules kubevirt v1.9.0`.

They follow what the judging module pins for itself. Modules that it has in its own tree are taken from the proxy.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from testbed.judges_programs import FOLDER, JUDGED_BY, tags

NEAREST: Final = {
    ("kubevirt.io/api", "v1.4.1"): "v1.5.0",
    ("kubevirt.io/client-go", "v1.4.1"): "v1.5.0",
    ("kubevirt.io/client-go", "v1.5.2"): "v1.5.1",
    ("github.com/rhobs/operator-observability-toolkit", "v0.0.30"): "v0.0.29",
}
"""Versions that the proxy doesn't serve, or the checksum database doesn't know, and served ones in their place.

They hold the client and the metrics: no judgement rests on them.
"""
ABSENT: Final = ("kubevirt.io/virt-template-api", "kubevirt.io/virt-template-client-go")
"""Modules that the proxy serves in no version; `absent` has the few names that others compile against."""


def write(name: str, version: str) -> None:
    """Write both files of a program's version; takes minutes where Go's cache is empty."""
    upstream = _go_mod(JUDGED_BY[name], version)
    replaced = [f"{module} => {place}" for module, place in _replacements(upstream, version).items()]
    file = FOLDER / "versions" / f"{name}-{version}.mod"
    go = re.search(r"^go (\S+)", upstream, re.MULTILINE)
    lines = (
        "module live-migration-webhook/testbed/judges\n",
        f"go {go[1] if go else '1.24.0'}\n",
        f"require {JUDGED_BY[name]} {version}\n",
        "replace (",
        *(f"\t{line}" for line in replaced),
        ")\n",
    )
    file.write_text("\n".join(lines))
    file.with_suffix(".sum").unlink(missing_ok=True)
    resolving = ["-mod=mod", f"-modfile=versions/{file.name}", "-tags", ",".join(tags(name, version))]
    _go("build", *resolving, "-trimpath", "-buildvcs=false", "-o", os.devnull, f"./{name}")


def _go_mod(module: str, version: str) -> str:
    downloaded = json.loads(_go("mod", "download", "-json", f"{module}@{version}"))
    return Path(downloaded["GoMod"]).read_text(encoding="utf-8")


def _replacements(upstream: str, version: str) -> dict[str, str]:
    """Return what stands in the place of which module."""
    found: dict[str, str] = {}
    for module, place in re.findall(r"^\s*(?:replace )?(\S+) => (.+?)\s*$", upstream, re.MULTILINE):
        if not place.startswith("./"):
            found[module] = place
        elif module.startswith(("k8s.io/", "kubevirt.io/")):
            own = version if module.startswith("kubevirt.io/") else "v0" + version.removeprefix("v1")
            found[module] = f"{module} {NEAREST.get((module, own), own)}"
    for (module, wanted), nearest in NEAREST.items():
        if f"{module} {wanted}" in upstream:
            found[module] = f"{module} {nearest}"
    found |= {module: f"./absent/{module.split('/')[1]}" for module in ABSENT if module in upstream}
    return found


def _go(*arguments: str) -> str:
    environment = os.environ | {"CGO_ENABLED": "0"}
    return subprocess.run(
        ["go", *arguments], cwd=FOLDER, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


if __name__ == "__main__":
    write(*sys.argv[1:3])

"""Linters written in Go, and krew: a module of its own, built once for each content of go.mod and go.sum."""

from pathlib import Path
from typing import Final

from testbed import build

MODULE: Final = build.Module(
    folder=Path(__file__).parent,
    packages={
        "actionlint": "github.com/rhysd/actionlint/cmd/actionlint",
        "krew": "sigs.k8s.io/krew/cmd/krew",
        "kube-score": "github.com/zegl/kube-score/cmd/kube-score",
    },
    version_of="github.com/rhysd/actionlint",
)


def program(name: str) -> Path:
    """Return the program; build it when it isn't in the cache yet."""
    return build.build(MODULE)[name]

"""The import contracts name every module there is, so that none is outside of them."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[1]
CONTRACTS: Final[list[dict[str, Any]]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]
KINDS_OF_RULES: Final = {"restrictions": "restriction", "targets": "predicate"}
"""Packages of independent rules, and the module in each that says what a rule is."""


def modules_in(package: str) -> set[str]:
    """Return the modules and packages directly in a package."""
    folder = ROOT / package.replace(".", "/")
    found = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    return found - {"__init__", "__main__"}


def layered() -> Iterator[tuple[str, list[str]]]:
    """Yield each package whose layers are in a contract, and the modules that the contract names."""
    for contract in CONTRACTS:
        for package in contract.get("containers", ()):
            yield package, [name.strip() for layer in contract["layers"] for name in layer.split(":")]


@pytest.mark.parametrize(("package", "named"), list(layered()))
def test_the_layers_of_a_package_are_its_modules(package: str, named: list[str]) -> None:
    assert sorted(named) == sorted(modules_in(package))


def test_every_package_of_the_service_is_a_layer() -> None:
    assert {"webhook", "webhook.engine"} <= {package for package, _ in layered()}


@pytest.mark.parametrize("package", list(KINDS_OF_RULES))
def test_the_rules_that_know_no_other_are_all_there_are(package: str) -> None:
    prefix = f"webhook.engine.{package}"
    (named,) = (
        {*c["modules"]} for c in CONTRACTS if c["type"] == "independence" and c["modules"][0].startswith(prefix)
    )
    rules = modules_in(prefix) - {KINDS_OF_RULES[package]}
    assert {name.removeprefix(f"{prefix}.") for name in named} == rules

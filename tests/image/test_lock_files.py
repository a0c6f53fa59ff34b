"""What the lock files must say so that pip, which only takes what is locked, finds all of it there."""

from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FOLDER = Path(__file__).parents[2] / "requirements"


def locked(file: Path) -> dict[str, set[str]]:
    """Return what a lock file names, each with the extras that it names."""
    lines = (line.partition(" \\")[0] for line in file.read_text().splitlines() if "==" in line and line[0] not in " #")
    requirements = map(Requirement, lines)
    return {canonicalize_name(each.name): each.extras for each in requirements}


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.txt")), ids=lambda file: file.name)
def test_every_extra_that_a_locked_package_asks_for_is_locked(file: Path) -> None:
    """Or pip looks for that extra in the newest version, as soon as there is one that isn't locked."""
    named = locked(file)
    wanted = [
        requirement
        for distribution in distributions()
        if canonicalize_name(distribution.name) in named
        for requirement in map(Requirement, distribution.requires or ())
        if requirement.extras and (requirement.marker is None or requirement.marker.evaluate({"extra": ""}))
    ]
    assert [str(each) for each in wanted if not each.extras <= named[canonicalize_name(each.name)]] == []

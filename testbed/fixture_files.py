"""The fixtures: one story per file under `tests/fixtures/<folder>/{allow,deny,warn}-<why>.yaml`.

Each file is a comment that tells the story, the manifests of a cluster, one AdmissionReview, and an Expectation:
`allowed`, for a denial `message` and `causes`, `warnings` where there are some, `settings` other than the defaults.
`kubectl` says what KubeVirt adds on a real API server ("not possible": it can't be told there; else a text that
KubeVirt's own answer contains).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).parents[1] / "tests" / "fixtures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixture:
    """One fixture: `name` is its path without suffix, `cluster` all documents but the review and the expectation."""

    name: str
    path: Path
    cluster: tuple[dict[str, Any], ...]
    review: dict[str, Any]
    expected: Mapping[str, Any]

    @property
    def folder(self) -> str:
        """The restriction that it is about."""
        return self.path.parent.name

    @property
    def outcome(self) -> str:
        """What the file's name promises: allow, deny or warn."""
        return self.path.name.partition("-")[0]

    @property
    def resource(self) -> str:
        """The resource in question."""
        return str(self.review["request"]["resource"]["resource"])


def fixtures() -> Iterator[Fixture]:
    """Yield all fixtures in the order of their names."""
    for path in sorted(FOLDER.rglob("*.yaml")):
        yield load(path)


def load(path: Path) -> Fixture:
    """Read one fixture."""
    documents = list(yaml.safe_load_all(path.read_text()))
    by_kind = {document["kind"]: document for document in documents}
    rest = tuple(d for d in documents if d["kind"] not in {"AdmissionReview", "Expectation"})
    return Fixture(
        name=str(path.relative_to(FOLDER).with_suffix("")),
        path=path,
        cluster=rest,
        review=by_kind["AdmissionReview"],
        expected=by_kind["Expectation"],
    )

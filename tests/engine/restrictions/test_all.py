"""What holds for every restriction."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.bending import bent
from testbed.builders import a_vm_document
from testbed.fixture_files import fixtures
from webhook.engine import restrictions
from webhook.engine.assessment import Assessment, assess
from webhook.engine.policy import Policy
from webhook.engine.restrictions.restriction import Restriction
from webhook.objects.fields import Fields
from webhook.objects.migration import read_migration
from webhook.objects.vm import read_vm
from webhook.objects.vmi import read_vmi
from webhook.state.snapshot import Snapshot, snapshot_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A migration that breaks a restriction."""

    cluster: Snapshot
    vmi: Any
    migration: Any

    def bent(self) -> st.SearchStrategy[tuple[Snapshot, Any, Any]]:
        """Return it with anything in one place of the VMI, and perhaps in one of the migration."""
        return st.tuples(st.just(self.cluster), bent(self.vmi), st.just(self.migration) | bent(self.migration))


def _stories() -> Mapping[str, list[Story]]:
    stories: dict[str, list[Story]] = {restriction.ID: [] for restriction in restrictions.ALL}
    for fixture in fixtures():
        vmis = [each for each in fixture.cluster if each["kind"] == "VirtualMachineInstance"]
        if fixture.outcome == "deny" and fixture.resource == "virtualmachineinstancemigrations" and vmis:
            migration = fixture.review["request"]["object"]
            story = Story(cluster=snapshot_of(fixture.cluster), vmi=vmis[0], migration=migration)
            stories.get(fixture.folder, []).append(story)
    return stories


STORIES: Final = _stories()
"""The denied migrations of the fixtures, by restriction."""
stories: Final = (
    st.sampled_from(sorted(STORIES)).flatmap(lambda name: st.sampled_from(STORIES[name])).flatmap(Story.bent)
)


def judged(story: tuple[Snapshot, Any, Any]) -> Assessment:
    """Judge a VMI and a migration as they come from the API server."""
    cluster, vmi, migration = story
    return assess(read_vmi(Fields(vmi)), cluster, Policy(), read_migration(Fields(migration)))


def test_the_list_names_every_module_of_the_folder() -> None:
    folder = Path(restrictions.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "restriction"}

    assert {restriction.ID.replace("-", "_") for restriction in restrictions.ALL} == modules


@pytest.mark.parametrize("restriction", restrictions.ALL, ids=lambda restriction: restriction.ID)
def test_its_documentation_tells_the_remedy_the_source_and_since_when(restriction: Restriction) -> None:
    documentation = restriction.__doc__ or ""

    for part in ("Remedy: ", "Source: ", "Since: "):
        assert part in documentation


@given(story=stories)
def test_no_virtual_machine_makes_a_rule_fail(story: Any) -> None:
    for violation in judged(story).violations:
        assert violation.message.isprintable()


@given(data=st.data())
def test_no_vm_makes_a_rule_fail(data: st.DataObject) -> None:
    story = data.draw(st.sampled_from([story for stories in STORIES.values() for story in stories]))
    vm = data.draw(bent(a_vm_document(story.vmi["spec"])))

    assess(read_vm(Fields(vm)).instance, story.cluster, Policy())


@pytest.mark.parametrize("restriction", sorted(STORIES))
def test_most_of_these_examples_break_their_restriction(restriction: str) -> None:
    broken: list[bool] = []

    @settings(max_examples=30, derandomize=True, database=None)
    @given(story=st.sampled_from(STORIES[restriction]).flatmap(Story.bent))
    def judge(story: Any) -> None:
        broken.append(restriction in {violation.restriction for violation in judged(story).violations})

    judge()
    assert sum(broken) > len(broken) / 2

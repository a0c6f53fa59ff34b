"""The documentation of restrictions: all of it is there, and it sends nobody where he has no rights."""

import pytest

from webhook.engine.catalogue import RESTRICTION, Entry, entries

RESTRICTIONS = [entry for entry in entries() if entry.kind == RESTRICTION]


@pytest.mark.parametrize("entry", RESTRICTIONS, ids=lambda entry: entry.id)
def test_a_restriction_tells_what_to_do_and_how(entry: Entry) -> None:
    sections = [line.partition(":")[0] for line in entry.text.splitlines()]
    assert [each for each in sections if each in {"Remedy", "How", "Source", "Since"}] == [
        "Remedy",
        "How",
        "Source",
        "Since",
    ]
    how = entry.text.partition("\nHow: ")[2].partition("\nSource: ")[0]
    assert "`kubectl " in how
    assert entry.remedy in entry.text.replace("\n", " ")
    assert "\n" not in entry.remedy
    assert "How" not in entry.remedy
    assert "--as" not in entry.text

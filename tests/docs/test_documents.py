"""What is written in README.md and docs/ from the code."""

import pytest

from tools.architecture import picture
from tools.documents import PARTS, written
from tools.reference import annotations


def test_a_part_is_written_between_its_comments_and_nowhere_else() -> None:
    document = "before\n<!-- annotations: generated -->\nformer text\n<!-- end of annotations -->\nafter\n"

    text = written(document)

    assert text == document.replace("former text", annotations())


def test_a_document_that_is_up_to_date_stays_as_it_is() -> None:
    text = written("<!-- hooks: generated -->\n<!-- end of hooks -->\n")

    assert written(text) == text


def test_a_part_that_nobody_can_write_is_an_error() -> None:
    with pytest.raises(KeyError, match="weather"):
        written("<!-- weather: generated -->\n<!-- end of weather -->\n")


@pytest.mark.parametrize("name", PARTS)
def test_every_part_has_text(name: str) -> None:
    assert PARTS[name]().strip()


def test_the_picture_has_every_part_of_the_service() -> None:
    drawn = picture()

    assert all(f"webhook.{part}<" in drawn for part in ("plugin", "server", "admission", "engine", "objects"))

"""Words for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.engine.wording import NAME_LIMIT, listed, named, printable, quoted, shortened


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web", "web"),
        ("two\nlines\tand  blanks", "two lines and blanks"),
        ("red\x1b[31m", "red[31m"),
        ("abc\u202edcba", "abcdcba"),
        ("héllo 🐧 שלום", "héllo 🐧 שלום"),
    ],
    ids=["plain", "white space", "terminal escape", "direction override", "other scripts"],
)
def test_a_name_can_not_hide_or_break_a_line(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(text=st.text())
def test_what_is_printed_has_no_control_characters(text: str) -> None:
    assert all(character.isprintable() or character == " " for character in printable(text))


@given(text=st.text(), limit=st.integers(min_value=1, max_value=50))
def test_a_shortened_text_has_at_most_so_many_characters(text: str, limit: int) -> None:
    assert len(shortened(text, limit)) <= limit


def test_a_long_name_is_cut_with_an_ellipsis() -> None:
    assert named("a" * 300) == "a" * (NAME_LIMIT - 1) + "…"
    assert quoted("web") == '"web"'


def test_lists_read_like_a_sentence() -> None:
    assert [listed(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]

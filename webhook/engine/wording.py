"""Words for people: names, lists and lengths that are safe to print.

Names are untrusted: control characters and those that turn the direction of writing could hide a sentence.
"""

import unicodedata
from collections.abc import Iterable
from typing import Final

NAME_LIMIT: Final = 80
"""Characters of a name that are shown; Kubernetes names have at most 253, and the rest is cut off."""
LINE_LIMIT: Final = 300
"""Characters of a sentence that is not about an object."""


def printable(text: str) -> str:
    """Return one line without control, format or surrogate characters; white space becomes single blanks."""
    if text.isprintable() and " " not in text:
        return text
    return "".join(c for c in " ".join(text.split()) if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})


def printable_lines(text: str) -> str:
    """Return text of several lines, each of them printable: the one gate for all that we say to anybody."""
    return "\n".join(map(printable, text.split("\n")))


def shortened(text: str, limit: int) -> str:
    """Return the text, cut to at most `limit` characters with an ellipsis at the end."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def one_line(text: str) -> str:
    """Return a sentence that may have strangers' words in it, as it may stand in a log or an answer."""
    return shortened(printable(text[: 4 * LINE_LIMIT]), LINE_LIMIT)


def named(name: str) -> str:
    """Return a name from an object as it may stand in a sentence."""
    return shortened(printable(name), NAME_LIMIT)


def quoted(name: str) -> str:
    """Return a name in quotation marks."""
    return f'"{named(name)}"'


def listed(words: Iterable[str], *, last: str = "and") -> str:
    """Join words as a sentence does: `a`, `a and b`, `a, b and c`."""
    *rest, final = words
    return f"{', '.join(rest)} {last} {final}" if rest else final

"""Label selectors as kubectl takes them: `app=web,tier!=test,zone in (a,b),!old`."""

import re
from typing import Final

from webhook.objects.scheduling import Requirement, Selector
from webhook.plugin.failure import Failure

_KEY: Final = r"[A-Za-z0-9./_-]+"
_VALUE: Final = r"[A-Za-z0-9._-]*"
_FORMS: Final = (
    (re.compile(rf"(?P<key>{_KEY})\s*(==?)\s*(?P<values>{_VALUE})"), "In"),
    (re.compile(rf"(?P<key>{_KEY})\s*!=\s*(?P<values>{_VALUE})"), "NotIn"),
    (re.compile(rf"(?P<key>{_KEY})\s+in\s*\((?P<values>[^()]*)\)"), "In"),
    (re.compile(rf"(?P<key>{_KEY})\s+notin\s*\((?P<values>[^()]*)\)"), "NotIn"),
    (re.compile(rf"!\s*(?P<key>{_KEY})"), "DoesNotExist"),
    (re.compile(rf"(?P<key>{_KEY})"), "Exists"),
)
_COMMA_OUTSIDE_BRACKETS: Final = re.compile(r",(?![^()]*\))")


def read_label_selector(text: str) -> Selector:
    """Read a label selector.

    Raises:
        Failure: when it is none.
    """
    return Selector(requirements=tuple(_requirement(part.strip()) for part in _COMMA_OUTSIDE_BRACKETS.split(text)))


def _requirement(text: str) -> Requirement:
    for form, operator in _FORMS:
        if match := form.fullmatch(text):
            values = match.groupdict().get("values")
            split = () if values is None else tuple(value.strip() for value in values.split(","))
            return Requirement(key=match["key"], operator=operator, values=split)
    raise Failure(f'"{text}" is no label selector; there are key=value, key!=value, key in (a,b), key and !key')

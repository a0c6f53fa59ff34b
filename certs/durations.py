"""Durations on the command line: `90d`, `36h`, `1h30m`, `30s`, `500ms`."""

import datetime as dt
import re
from typing import Final

import click

_UNITS: Final = {
    "d": dt.timedelta(days=1),
    "h": dt.timedelta(hours=1),
    "m": dt.timedelta(minutes=1),
    "s": dt.timedelta(seconds=1),
    "ms": dt.timedelta(milliseconds=1),
}
_PART: Final = re.compile(r"(\d{1,6})(ms|[dhms])")
_WHOLE: Final = re.compile(rf"({_PART.pattern})+")


class InvalidDurationError(ValueError):
    """A text that is no duration."""


def parse(text: str) -> dt.timedelta:
    """Return the duration that a text like `1h30m` stands for; raises InvalidDurationError."""
    if not _WHOLE.fullmatch(text):
        raise InvalidDurationError(f"{text!r} is no duration such as 90d, 36h, 10m, 30s or 500ms")
    return sum((int(number) * _UNITS[unit] for number, unit in _PART.findall(text)), dt.timedelta())


def spoken(duration: dt.timedelta) -> str:
    """Return a duration for people, in its two largest units: `89d 23h`, `4m 10s`, `0s`."""
    seconds = int(abs(duration).total_seconds())
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        count, seconds = divmod(seconds, int(_UNITS[unit].total_seconds()))
        if count or parts or unit == "s":
            parts.append(f"{count}{unit}")
    return " ".join(part for part in parts[:2] if part[:-1] != "0" or len(parts) == 1)


class Duration(click.ParamType[dt.timedelta]):
    """A positive duration as the type of an option."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.timedelta:
        """Return the duration; a bad one is a usage error."""
        if isinstance(value, dt.timedelta):
            return value
        try:
            found = parse(str(value))
        except InvalidDurationError as error:
            self.fail(str(error), param, ctx)
        if not found:
            self.fail("it must be longer than nothing", param, ctx)
        return found

"""Durations on the command line: `90d`, `36h`, `1h30m`, `30s`, `500ms`; and for people: `89d 23h`."""

import datetime as dt
from typing import Final

import click
import durationpy

LONGEST: Final = dt.timedelta(days=36500)
"""A hundred years: the end of what lives longer can't be written into a certificate for certain."""
_SECONDS: Final = {"d": 86400, "h": 3600, "m": 60, "s": 1}


class Duration(click.ParamType[dt.timedelta]):
    """A duration as the type of an option: longer than nothing, and no longer than `LONGEST`."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.timedelta:
        """Return the duration; a bad one is a usage error."""
        if isinstance(value, dt.timedelta):
            return value
        try:
            found: dt.timedelta = durationpy.from_str(str(value))
        except durationpy.DurationError:
            self.fail(f"{value!r} is no duration such as 90d, 36h, 10m, 30s or 500ms", param, ctx)
        if not dt.timedelta() < found <= LONGEST:
            self.fail("it must be longer than nothing, and at most 100 years", param, ctx)
        return found


def spoken(duration: dt.timedelta) -> str:
    """Return a duration for people, in its two largest units: `89d 23h`, `4m 10s`, `0s`."""
    seconds = int(abs(duration).total_seconds())
    parts: list[str] = []
    for unit, size in _SECONDS.items():
        count, seconds = divmod(seconds, size)
        if count or parts or unit == "s":
            parts.append(f"{count}{unit}")
    return " ".join(part for part in parts[:2] if part[:-1] != "0" or len(parts) == 1)

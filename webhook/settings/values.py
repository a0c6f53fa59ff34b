"""Reading the values of settings: from text (flags, environment) or from YAML's own types (the file).

Each reader returns the value or raises ValueError with the rest of a sentence that begins with the setting's name.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

import durationpy

from webhook.engine.policy import Enforcement
from webhook.engine.restrictions import ALL
from webhook.engine.wording import listed

E = TypeVar("E", bound=StrEnum)

_SWITCH: Final = {"true": True, "false": False}
_PORTS: Final = 65535


class Address(NamedTuple):
    """Where to listen; `host` may be an IPv6 address."""

    host: str
    port: int


def one_of(*words: str) -> Callable[[Any], str]:
    """Read one of some words."""

    def read(value: Any) -> str:
        if str(value) not in words:
            raise ValueError(f"expected {listed(words, last='or')}, not {_shown(value)}")
        return str(value)

    return read


def member_of(words: type[E]) -> Callable[[Any], E]:
    """Read a member of an enumeration."""
    read = one_of(*words)
    return lambda value: words(read(value))


def at_least(least: int) -> Callable[[Any], int]:
    """Read a whole number."""

    def read(value: Any) -> int:
        text = "" if isinstance(value, bool) else str(value)
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise ValueError(f"expected a whole number, {least} or more, not {_shown(value)}")
        return int(text)

    return read


def duration(value: Any) -> float:
    """Read a duration as Go and Kubernetes write it (`1m30s`), longer than nothing, as seconds."""
    try:
        seconds = float(durationpy.from_str(str(value)).total_seconds())
    except durationpy.DurationError:
        seconds = 0
    if seconds <= 0:
        raise ValueError(f"expected a duration such as 500ms, 5s or 2m, not {_shown(value)}")
    return seconds


def true_or_false(value: Any) -> bool:
    """Read a switch."""
    if str(value).lower() not in _SWITCH:
        raise ValueError(f"expected true or false, not {_shown(value)}")
    return _SWITCH[str(value).lower()]


def path(value: Any) -> str:
    """Read the path of a file or folder."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"expected a path, not {_shown(value)}")
    return value


def address(value: Any) -> Address:
    """Read `host:port`, an IPv6 host in brackets."""
    host, _, port = str(value).rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > _PORTS:
        raise ValueError(f"expected host:port such as 0.0.0.0:9443, not {_shown(value)}")
    return Address(host.strip("[]"), int(port))


tls_version: Final = one_of("1.2", "1.3")


def enforcements(value: Any) -> Mapping[str, Enforcement]:
    """Read restrictions with a strictness of their own: a map, or `cd-rom=off,container-disk=warn`."""
    entries = value if isinstance(value, dict) else dict(_pairs(value))
    known = [restriction.ID for restriction in ALL]
    if unknown := [str(each) for each in entries if each not in known]:
        raise ValueError(f"{_shown(unknown[0])} is no restriction; there are {listed(known)}")
    read = member_of(Enforcement)
    # YAML takes a bare `off` for false.
    return {name: read("off" if strictness is False else strictness) for name, strictness in entries.items()}


def _pairs(value: Any) -> list[tuple[str, str]]:
    parts = [part.strip().partition("=") for part in str(value or "").split(",") if part.strip()]
    if wrong := [name for name, sign, _ in parts if not sign]:
        raise ValueError(f"expected restriction=strictness such as cd-rom=off, not {_shown(wrong[0])}")
    return [(name.strip(), strictness.strip()) for name, _, strictness in parts]


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)

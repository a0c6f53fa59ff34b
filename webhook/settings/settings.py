# ruff: noqa: RUF009 - each call describes one field of Settings, as dataclasses.field does
"""Settings: a YAML file, the environment, and flags; the later ones win.

The fields of `Settings` are the table from which `--help`, the reference in the README and the chart's documentation
are made. The schema is closed, and all errors are reported at once, each with its setting and where it was set.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from webhook.engine.policy import Enforcement, Mode, Policy, Profile
from webhook.settings.values import (
    Address,
    address,
    at_least,
    duration,
    enforcements,
    member_of,
    one_of,
    path,
    tls_version,
    true_or_false,
)

T = TypeVar("T")

PREFIX: Final = "LIVE_MIGRATION_WEBHOOK_"
"""Of the environment variables."""
FILE: Final = "config"
"""Names the settings file itself: `--config`, `LIVE_MIGRATION_WEBHOOK_CONFIG`."""
_SERVICE_LINKS: Final = ("SERVICE_", "PORT")
"""What Kubernetes itself puts behind the prefix, for a Service that is named live-migration-webhook."""


class InvalidSettings(Exception):  # noqa: N818 - it is named for what was found
    """Raised when settings are wrong; `errors` has one sentence for each."""

    def __init__(self, errors: tuple[str, ...]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


def _setting(default: str, read: Callable[[Any], T], about: str) -> T:
    """Describe a setting: its default as it would be written, how it is read, and what it does."""
    metadata = {"default": default, "read": read, "about": about}
    described: Any = field(default_factory=lambda: read(default), metadata=metadata)
    return described  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set. Durations are in seconds; "" is a path that is not set."""

    profile: Profile = _setting(
        "harvester", member_of(Profile), "whose restrictions hold: harvester, kubevirt, or auto for the cluster's own"
    )
    mode: Mode = _setting("enforce", member_of(Mode), "enforce, or warn: nothing is refused, all of it is warned of")
    enforcement: Mapping[str, Enforcement] = _setting(
        "",
        enforcements,
        "restrictions with a strictness (deny, warn, off) of their own: cd-rom=off,container-disk=warn",
    )
    controller_enforcement: Enforcement = _setting(
        "warn",
        member_of(Enforcement),
        "the strictest that holds for KubeVirt's own controllers, such as an evacuation",
    )
    cluster: str = _setting("", path, "manifests (a folder or a file) in place of a live cluster")
    kubeconfig: str = _setting("", path, "kubeconfig of the cluster; the service account's, or kubectl's, when not set")
    context: str = _setting("", str, "context in the kubeconfig; its current one when not set")
    listen: Address = _setting("0.0.0.0:9443", address, "address of the admission endpoints (TLS)")
    probe_listen: Address = _setting("0.0.0.0:8080", address, "address of /livez, /readyz and /metrics (plain)")
    tls_dir: str = _setting("/etc/live-migration-webhook/tls", path, "folder with tls.crt and tls.key")
    client_ca_file: str = _setting(
        "", path, "authority (PEM) that must have signed the client's certificate; none is asked for"
    )
    min_tls_version: str = _setting("1.2", tls_version, "oldest version of TLS that is accepted: 1.2 or 1.3")
    certificate_poll: float = _setting("10s", duration, "how often tls.crt and tls.key are looked at for a change")
    max_connections: int = _setting(
        "512", at_least(1), "connections at once; the longest idle one gives way to the next"
    )
    max_in_flight: int = _setting(
        "200", at_least(1), "requests that wait for their answer at once; others are told to try again (503)"
    )
    read_timeout: float = _setting("5s", duration, "time for a handshake, and for a request from first to last byte")
    keepalive: float = _setting("120s", duration, "how long an idle connection stays open; the API server keeps it 90s")
    request_timeout: float = _setting("5s", duration, "time for an answer, where the request doesn't say")
    drain_seconds: int = _setting("15", at_least(0), "how long to go on serving after SIGTERM, while not ready")
    state_max_age: float = _setting("3m", duration, "age of the cluster's state above which this is not ready")
    events: bool = _setting("true", true_or_false, "whether denials are also told as Events of the virtual machine")
    log_format: str = _setting("json", one_of("json", "console"), "json, or console for people")
    log_level: str = _setting("info", one_of("debug", "info", "warning", "error"), "debug, info, warning or error")
    worker_tmp_dir: str = _setting("", path, "folder for the worker's heartbeat file; best one in memory")

    @property
    def policy(self) -> Policy:
        """What the settings say about judging."""
        return Policy(
            profile=self.profile,
            enforcements=self.enforcement,
            controllers=self.controller_enforcement,
            mode=self.mode,
        )


JUDGING: Final = ("profile", "mode", "enforcement", "controller_enforcement", "cluster", "kubeconfig", "context")
"""The settings that matter to a single judgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A setting as its documentation has it."""

    name: str
    default: str
    about: str

    @property
    def flag(self) -> str:
        """The flag: `--max-in-flight`."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """The environment variable: `LIVE_MIGRATION_WEBHOOK_MAX_IN_FLIGHT`."""
        return PREFIX + self.name.upper()


def described() -> tuple[Described, ...]:
    """Return the documentation of all settings, in their order."""
    return tuple(
        Described(name=each.name, default=each.metadata["default"], about=each.metadata["about"])
        for each in fields(Settings)
    )


@dataclass(frozen=True, slots=True)
class _Given:
    """A value, and where it was set."""

    name: str
    value: Any
    where: str


def load(flags: Mapping[str, str], environ: Mapping[str, str]) -> Settings:
    """Read the settings; `flags` are by the setting's name.

    Raises:
        InvalidSettings: with all errors at once.
    """
    file = flags.get(FILE) or environ.get(PREFIX + FILE.upper(), "")
    errors: list[str] = []
    known = {each.name: each for each in fields(Settings)}
    values: dict[str, Any] = {}
    for given in (*_in_file(file, errors), *_in_environment(environ), *_in_flags(flags)):
        if given.name not in known:
            errors.append(_unknown(given, known))
            continue
        try:
            values[given.name] = _read(known[given.name], given.value)
        except ValueError as error:
            errors.append(f"{given.name} ({given.where}): {error}")
    if errors:
        raise InvalidSettings(tuple(errors))
    return Settings(**values)


def _read(setting: Field[Any], value: Any) -> Any:
    return setting.metadata["read"](value)


def _unknown(given: _Given, known: Mapping[str, Field[Any]]) -> str:
    near = difflib.get_close_matches(given.name, known, n=1)
    return f"{given.name} ({given.where}): there is no such setting" + (f"; is it {near[0]}?" if near else "")


def _in_flags(flags: Mapping[str, str]) -> Iterator[_Given]:
    for name, value in flags.items():
        if name != FILE:
            yield _Given(name, value, f"flag --{name.replace('_', '-')}")


def _in_environment(environ: Mapping[str, str]) -> Iterator[_Given]:
    for variable, value in sorted(environ.items()):
        rest = variable.removeprefix(PREFIX)
        if variable != rest and rest != FILE.upper() and not rest.startswith(_SERVICE_LINKS):
            yield _Given(rest.lower(), value, f"environment variable {variable}")


def _in_file(file: str, errors: list[str]) -> Iterator[_Given]:
    """Yield the settings in a file, with their lines."""
    if not file:
        return
    try:
        loader = yaml.SafeLoader(Path(file).read_text(encoding="utf-8"))
        document = loader.get_single_node()
        if document is None:
            return
        if not isinstance(document, yaml.MappingNode):
            errors.append(f"{file}: expected settings, one `name: value` a line")
            return
        for key, value in document.value:
            name = str(loader.construct_object(key, deep=True))
            yield _Given(name, loader.construct_object(value, deep=True), f"{file}:{key.start_mark.line + 1}")
    except OSError as error:
        errors.append(f"{FILE}: {file}: {error.strerror}")
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        errors.append(f"{FILE}: {file}: not YAML: {' '.join(str(error).split())}")

"""Settings: file, environment, flags; a closed schema; all errors at once."""

from pathlib import Path

import pytest

from webhook.engine.policy import Enforcement, Policy, Profile
from webhook.settings.settings import InvalidSettings, Settings, described, load
from webhook.settings.values import Address

ENV = "LIVE_MIGRATION_WEBHOOK_"


def errors_of(flags: dict[str, str] | None = None, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(InvalidSettings) as raised:
        load(flags or {}, environ or {})
    return list(raised.value.errors)


def a_file(folder: Path, text: str) -> str:
    file = folder / "settings.yaml"
    file.write_text(text)
    return str(file)


def test_nothing_has_to_be_set() -> None:
    settings = load({}, {})

    assert settings == Settings()
    assert (settings.profile, settings.listen, settings.keepalive) == (
        Profile.HARVESTER,
        Address("0.0.0.0", 9443),  # noqa: S104 - a pod listens on all its addresses
        120,
    )
    assert settings.policy == Policy()


def test_flags_win_over_the_environment_and_the_environment_over_the_file(tmp_path: Path) -> None:
    file = a_file(tmp_path, "max_in_flight: 1\nmax_connections: 1\nlog_level: error\n")
    environ = {f"{ENV}MAX_IN_FLIGHT": "2", f"{ENV}MAX_CONNECTIONS": "2", f"{ENV}CONFIG": file}

    settings = load({"max_in_flight": "3"}, environ)

    assert (settings.max_in_flight, settings.max_connections, settings.log_level) == (3, 2, "error")


def test_the_file_may_be_named_by_a_flag(tmp_path: Path) -> None:
    assert load({"config": a_file(tmp_path, "profile: kubevirt")}, {}).profile is Profile.KUBEVIRT


def test_an_empty_file_sets_nothing(tmp_path: Path) -> None:
    assert load({"config": a_file(tmp_path, "# nothing yet\n")}, {}) == Settings()


def test_a_file_may_use_the_types_of_yaml(tmp_path: Path) -> None:
    text = "events: false\nmax_in_flight: 7\nmin_tls_version: 1.3\nenforcement: {cd-rom: off, container-disk: warn}\n"

    settings = load({"config": a_file(tmp_path, text)}, {})

    assert (settings.events, settings.max_in_flight, settings.min_tls_version) == (False, 7, "1.3")
    assert settings.enforcement == {"cd-rom": Enforcement.OFF, "container-disk": Enforcement.WARN}


def test_what_is_judged_follows_from_the_settings() -> None:
    settings = load(
        {"profile": "kubevirt", "enforcement": " cd-rom = warn , pci-device=off,", "controller_enforcement": "deny"}, {}
    )

    assert settings.policy == Policy(
        profile=Profile.KUBEVIRT,
        enforcements={"cd-rom": Enforcement.WARN, "pci-device": Enforcement.OFF},
        controllers=Enforcement.DENY,
    )


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        pytest.param("read_timeout", "1m30s", 90, id="minutes and seconds"),
        pytest.param("read_timeout", "250ms", 0.25, id="milliseconds"),
        pytest.param("listen", "[::]:9443", Address("::", 9443), id="IPv6"),
        pytest.param("listen", "webhook.local:1", Address("webhook.local", 1), id="host name"),
        pytest.param("drain_seconds", "0", 0, id="no draining"),
        pytest.param("events", "False", False, id="switch in any case"),
        pytest.param("enforcement", "", {}, id="no restriction of its own strictness"),
    ],
)
def test_a_value_is_read(name: str, text: str, value: object) -> None:
    assert getattr(load({name: text}, {}), name) == value


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("profile", "rancher", 'expected harvester, kubevirt or auto, not "rancher"'),
        ("controller_enforcement", "no", 'expected deny, warn or off, not "no"'),
        ("enforcement", "cd-rom", 'expected restriction=strictness such as cd-rom=off, not "cd-rom"'),
        ("enforcement", "cd-rom=never", 'expected deny, warn or off, not "never"'),
        ("listen", "9443", 'expected host:port such as 0.0.0.0:9443, not "9443"'),
        ("listen", "0.0.0.0:70000", 'expected host:port such as 0.0.0.0:9443, not "0.0.0.0:70000"'),
        ("listen", "0.0.0.0:x", 'expected host:port such as 0.0.0.0:9443, not "0.0.0.0:x"'),
        ("max_in_flight", "0", 'expected a whole number, 1 or more, not "0"'),
        ("max_in_flight", "many", 'expected a whole number, 1 or more, not "many"'),
        ("max_in_flight", "-1", 'expected a whole number, 1 or more, not "-1"'),
        ("max_in_flight", "٣", 'expected a whole number, 1 or more, not "٣"'),
        ("read_timeout", "5", 'expected a duration such as 500ms, 5s or 2m, not "5"'),
        ("read_timeout", "0s", 'expected a duration such as 500ms, 5s or 2m, not "0s"'),
        ("read_timeout", "-5s", 'expected a duration such as 500ms, 5s or 2m, not "-5s"'),
        ("min_tls_version", "1.1", 'expected 1.2 or 1.3, not "1.1"'),
        ("events", "maybe", 'expected true or false, not "maybe"'),
        ("log_format", "xml", 'expected json or console, not "xml"'),
    ],
)
def test_a_wrong_value_is_told_with_its_setting_and_where_it_was_set(name: str, text: str, error: str) -> None:
    flag = name.replace("_", "-")

    assert errors_of({name: text}) == [f"{name} (flag --{flag}): {error}"]
    variable = f"{ENV}{name.upper()}"
    assert errors_of(environ={variable: text}) == [f"{name} (environment variable {variable}): {error}"]


def test_an_unknown_restriction_is_told_with_those_that_there_are() -> None:
    (error,) = errors_of({"enforcement": "cdrom=off"})

    assert error.startswith('enforcement (flag --enforcement): "cdrom" is no restriction; there are bridge-network, ')
    assert error.endswith(" and not-live-migratable")


def test_all_errors_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    file = a_file(tmp_path, "profile: x\n\nmax_inflight: 3\nevents: [1]\nmax_connections: true\n")

    assert errors_of({"config": file, "listen": "x"}, {f"{ENV}LOG_LEVEL": "loud", f"{ENV}LOG_COLOUR": "red"}) == [
        f'profile ({file}:1): expected harvester, kubevirt or auto, not "x"',
        f"max_inflight ({file}:3): there is no such setting; is it max_in_flight?",
        f"events ({file}:4): expected true or false, not [1]",
        f"max_connections ({file}:5): expected a whole number, 1 or more, not True",
        f"log_colour (environment variable {ENV}LOG_COLOUR): there is no such setting; is it log_format?",
        f'log_level (environment variable {ENV}LOG_LEVEL): expected debug, info, warning or error, not "loud"',
        'listen (flag --listen): expected host:port such as 0.0.0.0:9443, not "x"',
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("- a\n- b\n", "{file}: expected settings, one `name: value` a line", id="a list"),
        pytest.param("{", "config: {file}: not YAML: ", id="no YAML"),
        pytest.param("a: &a [*a]", "config: {file}: not YAML: ", id="a loop"),
        pytest.param("profile: !!python/object:os.system x", "config: {file}: not YAML: ", id="a tag of Python"),
    ],
)
def test_a_file_that_holds_no_settings_is_told(tmp_path: Path, text: str, error: str) -> None:
    file = a_file(tmp_path, text)

    (told,) = errors_of({"config": file})

    assert told.startswith(error.format(file=file))


def test_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    file = str(tmp_path / "none.yaml")

    assert errors_of({"config": file}) == [f"config: {file}: No such file or directory"]


def test_what_kubernetes_puts_beside_the_settings_is_left_alone() -> None:
    service_links = {
        f"{ENV}SERVICE_HOST": "10.0.0.1",
        f"{ENV}SERVICE_PORT_HTTPS": "443",
        f"{ENV}PORT": "tcp://10.0.0.1:443",
        f"{ENV}PORT_443_TCP_ADDR": "10.0.0.1",
    }

    assert load({}, service_links) == Settings()


def test_every_setting_has_words_a_flag_and_a_variable() -> None:
    settings = {each.name: each for each in described()}

    assert settings["max_in_flight"].flag == "--max-in-flight"
    assert settings["max_in_flight"].variable == "LIVE_MIGRATION_WEBHOOK_MAX_IN_FLIGHT"
    assert [each.name for each in described() if not each.about] == []
    assert not [name for name in settings if name.startswith(("port", "service_"))]

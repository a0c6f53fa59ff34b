"""Where lines of log go, and in which form."""

import io
import logging
import sys

import orjson
import pytest
import structlog

from webhook.kube import logs
from webhook.kube.logs import Output

Screen = pytest.CaptureFixture[bytes]


@pytest.fixture
def screen(capsysbinary: Screen) -> Screen:
    return capsysbinary


def lines_on(screen: Screen) -> list[bytes]:
    return screen.readouterr().err.splitlines()


def an_event(**fields: object) -> None:
    structlog.get_logger().new().info("review", **fields)


def test_a_line_is_one_json_object_with_time_level_and_event_first(screen: Screen) -> None:
    logs.configure("json", "info")

    an_event(uid="u-1", name="line\nbreak")

    (line,) = lines_on(screen)
    assert list(orjson.loads(line)) == ["timestamp", "level", "event", "uid", "name"]
    assert line.endswith(b'Z","level":"info","event":"review","uid":"u-1","name":"line\\nbreak"}')


def test_the_console_has_the_same_in_words(screen: Screen) -> None:
    logs.configure("console", "info")

    an_event(uid="u-1")

    (line,) = lines_on(screen)
    assert b"[info     ] review" in line
    assert line.endswith(b"uid=u-1")


def test_lines_below_the_level_are_left_out(screen: Screen) -> None:
    logs.configure("json", "warning")

    an_event()
    logging.getLogger("library").info("hello")

    assert lines_on(screen) == []


def test_what_libraries_log_has_the_same_form(screen: Screen) -> None:
    logs.configure("json", "info")

    try:
        int("x")
    except ValueError:
        logging.getLogger("library").exception("it failed: %s", "so")

    line = orjson.loads(lines_on(screen)[0])
    assert (line["level"], line["event"], line["logger"]) == ("error", "it failed: so", "library")
    assert line["exception"].endswith("ValueError: invalid literal for int() with base 10: 'x'")


def test_a_line_is_written_at_once_unless_lines_are_gathered(screen: Screen) -> None:
    output = Output()

    output.write(b"one\n")
    output.flush()

    assert lines_on(screen) == [b"one"]


def test_gathered_lines_are_written_in_their_order(screen: Screen) -> None:
    output = Output()
    for number in range(3):
        output.write(b"%d\n" % number)

    output.write_out()
    output.write_out()

    assert lines_on(screen) == [b"0", b"1", b"2"]


def test_a_log_that_nobody_reads_any_more_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    nobodys = io.TextIOWrapper(io.BytesIO())
    nobodys.close()
    monkeypatch.setattr(sys, "stderr", nobodys)
    output = Output()

    output.write(b"lost\n")
    output.flush()


def test_of_lines_that_pile_up_the_newest_are_kept(screen: Screen) -> None:
    output = Output()
    for number in range(20_005):
        output.write(b"%d\n" % number)

    output.write_out()

    lines = lines_on(screen)
    assert (len(lines), lines[0], lines[-1]) == (20_000, b"5", b"20004")


def test_what_strangers_call_their_objects_forges_no_line(screen: Screen) -> None:
    for form in ("json", "console"):
        logs.configure(form, "info")
        an_event(name="web\x1b[2J\u202e")

    assert [b"\x1b" in line or "\u202e".encode() in line for line in lines_on(screen)] == [False, False]


def test_a_bug_is_told_without_what_objects_contain(screen: Screen) -> None:
    logs.configure("console", "info")
    secret = "hunter2"

    try:
        int(secret)
    except ValueError as error:
        structlog.get_logger().error("not judged", bug=logs.frames(error))

    (line,) = lines_on(screen)
    assert b"ValueError < test_a_bug_is_told_without_what_objects_contain" in line
    assert b"hunter2" not in line

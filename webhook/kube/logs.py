"""Structured logs on standard error: one line per review and per event, as JSON or for people.

An object's content is never logged: names, verdicts and causes are.
"""

import atexit
import logging
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final, cast

import orjson
import structlog

from webhook.engine.wording import printable_lines

_MOMENT: Final = 0.05
"""Seconds for which a line may wait for others."""
_KEPT: Final = 20_000
"""Lines that wait when the reader of the log is too slow; older ones are dropped."""
_FRAMES: Final = 12
"""Frames of a bug that are told."""
_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class Output:
    """Standard error: line by line, or, from `batch()` on, many lines in one write.

    Each write lets another thread run in the midst of a request, which is a sixth of a service's time under load. A
    process that is killed loses the lines that it has not written.
    """

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque(maxlen=_KEPT)
        self._writing = threading.Lock()
        self._batching = False

    def write(self, line: bytes) -> None:
        """Take a line."""
        self._lines.append(line)

    def flush(self) -> None:
        """Write what there is, unless that is another's task."""
        if not self._batching:
            self.write_out()

    def batch(self) -> None:
        """Leave the writing to a thread of its own, and to the end of the process."""
        self._batching = True
        atexit.register(self.write_out)
        threading.Thread(target=self._write_for_ever, name="log", daemon=True).start()

    def write_out(self) -> None:
        """Write what there is."""
        with self._writing:
            if lines := [self._lines.popleft() for _ in range(len(self._lines))]:
                # Whoever doesn't read our log any more isn't to stop us.
                with suppress(OSError, ValueError):
                    sys.stderr.buffer.write(b"".join(lines))
                    sys.stderr.buffer.flush()

    def _write_for_ever(self) -> None:
        while True:
            time.sleep(_MOMENT)
            self.write_out()


OUTPUT: Final = Output()


def configure(log_format: str, log_level: str) -> None:
    """Set up all logs of this process: `json` or `console`, from a level up."""
    level = _LEVELS[log_level]
    structlog.configure(
        processors=[structlog.processors.add_log_level, *(_console() if log_format == "console" else (_json,))],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", OUTPUT)),
    )
    logging.basicConfig(handlers=[_Forwarded()], level=level, force=True)


def info(event: str, fields: dict[str, Any]) -> None:
    """Log what happens thousands of times a second: four fifths of what a line costs are a logger's ways to it."""
    if not logging.root.isEnabledFor(logging.INFO):
        return
    if structlog.get_config()["processors"][-1] is _json:
        OUTPUT.write(_dumped("info", event, fields) + b"\n")
        OUTPUT.flush()
    else:
        structlog.get_logger().info(event, **fields)


def expect_many() -> None:
    """Prepare for thousands of lines a second: from now on, what is configured stays, and lines are gathered."""
    structlog.configure(cache_logger_on_first_use=True)
    OUTPUT.batch()


def _json(logger: Any, method: str, event: MutableMapping[str, Any]) -> bytes:
    """Render an event in one go: it is half of what a review's line would cost otherwise."""
    if "exc_info" in event:
        event = structlog.processors.format_exc_info(logger, method, event)
    return _dumped(event.pop("level"), event.pop("event"), event)


def frames(error: BaseException) -> str:
    """Say where a bug is, without its message, which may have an object's content in it: the last frames first."""
    last = reversed(traceback.extract_tb(error.__traceback__, limit=-_FRAMES))
    return " < ".join([type(error).__name__, *(f"{each.name} ({each.filename}:{each.lineno})" for each in last)])


def _dumped(level: str, event: str, fields: MutableMapping[str, Any]) -> bytes:
    line = {"timestamp": datetime.now(UTC), "level": level, "event": event, **_gated(fields)}
    return orjson.dumps(line, default=str, option=orjson.OPT_UTC_Z)


def _gated(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a line without anything that could hide or forge another one."""
    return {key: printable_lines(value) if isinstance(value, str) else value for key, value in fields.items()}


def _console() -> tuple[Any, ...]:
    return (
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        lambda _, __, event: _gated(event),
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        lambda _, __, line: line.encode(),
    )


class _Forwarded(logging.Handler):
    """Sends what libraries log through the standard library the same way as our own lines."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info or None
        )

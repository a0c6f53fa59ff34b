"""Telling of refusals as Kubernetes Events, on the virtual machine that they are about.

Off the answer's way: a request only leaves a note in a bounded queue, and a thread of its own writes. What can't be
written, or would be too much, is left out: an Event is a courtesy, the answer has already been given.
"""

import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from msgspec import Struct

from webhook.engine.verdict import Subject, Verdict
from webhook.engine.wording import printable, shortened
from webhook.kube.api import Api
from webhook.kube.refusals import ApiError
from webhook.kube.resources import EVENT

COMPONENT: Final = "live-migration-webhook"
QUEUE: Final = 100
"""Notes that wait to be written; more are left out."""
MESSAGE_LIMIT: Final = 1024
"""Characters of an Event's message that the API server takes."""
QUIET: Final = 60.0
"""Seconds in which the same refusal is told only once: people try again at once, and controllers for ever."""
REMEMBERED: Final = 1000
"""Refusals that are remembered as told."""
WRITE_TIMEOUT: Final = 5.0
PAUSE: Final = 0.1
"""Seconds between two Events: ten a second at most, however many refusals there are."""

log = structlog.get_logger()


class Note(Struct, frozen=True, kw_only=True):
    """What is to be told about whom."""

    subject: Subject
    reason: str
    message: str


@dataclass(slots=True)
class Events:
    """Writes Events with one identity, from `start()` to `stop()`."""

    api: Api
    _notes: "queue.Queue[Note | None]" = field(default_factory=lambda: queue.Queue(QUEUE))
    _told: "OrderedDict[Note, float]" = field(default_factory=OrderedDict)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to write."""
        self._thread = threading.Thread(target=self._write_all, name="events", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end."""
        if self._thread is not None:
            self._notes.put(None)
            self._thread.join(WRITE_TIMEOUT)

    def tell(self, verdict: Verdict) -> None:
        """Take note of a verdict, if there is something to tell; never wait."""
        note = note_of(verdict)
        if note is None:
            return
        try:
            self._notes.put_nowait(note)
        except queue.Full:
            log.warning("event left out", reason="too many", subject=note.subject.name)

    def _write_all(self) -> None:
        while (note := self._notes.get()) is not None:
            if self._is_news(note):
                self._write(note)
                time.sleep(PAUSE)

    def _is_news(self, note: Note) -> bool:
        now = time.monotonic()
        if now - self._told.get(note, -QUIET) < QUIET:
            return False
        self._told[note] = now
        self._told.move_to_end(note)
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return True

    def _write(self, note: Note) -> None:
        for document in documents(note, datetime.now(UTC)):
            try:
                self.api.create(EVENT, note.subject.namespace, document, timeout=WRITE_TIMEOUT)
            except ApiError as error:
                log.warning("event not written", error=str(error), subject=note.subject.name)


def documents(note: Note, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield the Events that tell a note: one on the VMI, one on the VM that owns it."""
    subject = note.subject
    yield _document(note, now, subject.kind, subject.name, subject.uid)
    if subject.vm:
        yield _document(note, now, "VirtualMachine", subject.vm, subject.vm_uid)


def note_of(verdict: Verdict) -> Note | None:
    """Return what is to be told of a verdict, None where there is nothing."""
    if verdict.subject is None or not verdict.causes or not verdict.subject.uid:
        return None
    reason = "MigrationPassed" if verdict.allowed else "MigrationRefused"
    told = " ".join(cause.message for cause in verdict.causes)
    message = f"{verdict.subject.title} cannot be live-migrated: {told}"
    return Note(subject=verdict.subject, reason=reason, message=shortened(printable(message), MESSAGE_LIMIT))


def _document(note: Note, now: datetime, kind: str, name: str, uid: str) -> dict[str, Any]:
    time_ = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "metadata": {"generateName": f"{name[:200]}-", "namespace": note.subject.namespace},
        "involvedObject": {
            "apiVersion": "kubevirt.io/v1",
            "kind": kind,
            "namespace": note.subject.namespace,
            "name": name,
            "uid": uid,
        },
        "type": "Warning",
        "reason": note.reason,
        "message": note.message,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "firstTimestamp": time_,
        "lastTimestamp": time_,
        "count": 1,
    }

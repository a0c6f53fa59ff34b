"""The worker process under gunicorn: serves all connections in one event loop, and looks after them.

One process, for one copy of the cluster's state; one thread that judges, for Python runs no two at once anyway.
"""

import gc
import os
import selectors
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from ssl import SSLContext
from typing import Final

import structlog
from gunicorn.workers.base import Worker

from webhook.kube import logs
from webhook.kube.probes import probes_app
from webhook.server import metrics
from webhook.server.certificate import ServedCertificate
from webhook.server.clusters import Source
from webhook.server.connection import Port
from webhook.server.listener import Listener
from webhook.server.loop import Loop
from webhook.server.profile import ChosenProfile
from webhook.server.wsgi import WsgiApp, base_environment
from webhook.settings.settings import Settings

_TICK: Final = 0.25
"""Seconds between two looks at deadlines and the parent process."""
_LAST_TICK: Final = 0.01
"""Seconds between two looks at who is still connected, at the end."""
_PROBE_CONNECTIONS: Final = 32
_GC_THRESHOLD: Final = 50_000
_SWITCH: Final = 0.001
"""Seconds before the loop makes another thread give way, such as one that takes in what the cluster tells."""

log = structlog.get_logger()


class LoopWorker(Worker):  # type: ignore[misc]
    """gunicorn's worker: serves the admission port and the probe port until SIGTERM, then drains."""

    def run(self) -> None:
        """Serve until told to stop; gunicorn ends the process when this returns."""
        settings: Settings = self.app.settings
        logs.expect_many()
        self.certificate = ServedCertificate(settings.tls_dir, settings.client_ca_file, settings.min_tls_version)
        self.certificate_poll = settings.certificate_poll
        self.profile = ChosenProfile(settings.policy, self.app.source.cluster)
        self.draining = self.settled = False
        self.next_look = self.next_certificate = 0.0
        self.loop = Loop()
        self.loop.watch(self.PIPE[0], selectors.EVENT_READ, self._signalled)
        self.listeners = self._listeners(settings)
        _settle_memory()
        sys.setswitchinterval(_SWITCH)
        self._look_after(time.monotonic())
        while self.alive and self._has_parent():
            self._turn()
        self._drain(settings.drain_seconds)
        self._finish(settings.request_timeout)

    def _listeners(self, settings: Settings) -> list[Listener]:
        admission = self._listener(
            0, self.wsgi, settings.max_connections, settings.max_in_flight, tls=lambda: self.certificate.context
        )
        probes = self._listener(
            1, probes_app(self._missing, metrics.REGISTRY), _PROBE_CONNECTIONS, _PROBE_CONNECTIONS, tls=None
        )
        metrics.IN_FLIGHT.set_function(lambda: settings.max_in_flight - len(admission.port.slots))
        metrics.REGISTRY.register(metrics.SnapshotAge(self.app.source.ages))
        metrics.REGISTRY.register(self.profile)
        metrics.CONNECTIONS.set_function(lambda: len(admission.connections))
        return [admission, probes]

    def _listener(
        self, index: int, app: WsgiApp, connections: int, in_flight: int, *, tls: Callable[[], SSLContext | None] | None
    ) -> Listener:
        sock = self.sockets[index].sock
        port = Port(
            app=app,
            environ=base_environment(sock.getsockname(), "http" if tls is None else "https"),
            tls=tls,
            slots=deque([None] * in_flight),
            read_timeout=self.app.settings.read_timeout,
            keepalive=self.app.settings.keepalive,
        )
        return Listener(sock, port, self.loop, connections)

    def _missing(self) -> list[str]:
        """Say what keeps this from being ready."""
        source: Source = self.app.source
        self.profile.tell()
        missing = list(source.missing())
        if self.certificate.context is None:
            missing.append(f"certificate: {self.certificate.problem}")
        if self.draining:
            missing.append("draining: this replica is stopping")
        return missing

    def _has_parent(self) -> bool:
        return bool(self.ppid == os.getppid())

    def _drain(self, seconds: float) -> None:
        """Go on serving while the endpoint's removal gets around; each answer closes its connection."""
        log.info("draining", seconds=seconds)
        self.draining = True
        for listener in self.listeners:
            listener.port.draining = True
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._has_parent():
            self._turn()

    def _finish(self, seconds: float) -> None:
        """Stop accepting, and let what is in flight be answered."""
        for listener in self.listeners:
            listener.close()
        until = time.monotonic() + seconds
        while any(listener.connections for listener in self.listeners) and time.monotonic() < until:
            self.loop.turn(_LAST_TICK)
            self.notify()
            for listener in self.listeners:
                listener.close_idle(time.monotonic())
        self.app.source.stop()

    def _signalled(self) -> None:
        with suppress(BlockingIOError):
            os.read(self.PIPE[0], 4096)

    def _turn(self) -> None:
        """Serve whoever is ready, and once a tick look after everything else."""
        self.loop.turn(_TICK)
        now = time.monotonic()
        if now >= self.next_look:
            self.next_look = now + _TICK
            self._look_after(now)

    def _look_after(self, now: float) -> None:
        self.notify()
        if now >= self.next_certificate:
            self.next_certificate = now + self.certificate_poll
            self.certificate.refresh()
        if not self.settled and not self._missing():
            # What is known of the cluster lives long, too, and the collector's way through it grows with it.
            self.settled = True
            gc.freeze()
        for listener in self.listeners:
            listener.port.date = formatdate(usegmt=True)
            listener.close_overdue(now)
            listener.listen()


def _settle_memory() -> None:
    """Keep the collector of cyclic garbage from what lives as long as the process, and make it look less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD, 20, 20)

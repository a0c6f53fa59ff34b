"""The worker process under gunicorn: serves all connections in one event loop, and looks after them.

One process, for one copy of the cluster's state; one thread that judges, for Python runs no two at once anyway.
"""

import asyncio
import gc
import os
import sys
import time
from email.utils import formatdate
from functools import partial
from types import FrameType
from typing import Final

import structlog
import uvloop
from gunicorn.workers.base import Worker

from webhook.kube import logs
from webhook.kube.memory import LeftMemory
from webhook.kube.probes import probes_app
from webhook.server import metrics
from webhook.server.certificate import ServedCertificate
from webhook.server.connection import Phase, Port
from webhook.server.listener import Listener
from webhook.server.pages import Pages
from webhook.server.profile import ChosenProfile
from webhook.settings.clusters import Source
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


class AsyncioWorker(Worker):  # type: ignore[misc]
    """gunicorn's worker: serves the admission port and the probe port until SIGTERM, then drains."""

    listeners: tuple[Listener, ...] = ()

    def run(self) -> None:
        """Serve until told to stop; gunicorn ends the process when this returns."""
        uvloop.run(self._serve())

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On SIGTERM: from now on this isn't ready, and each answer closes its connection."""
        super().handle_exit(sig, frame)
        for listener in self.listeners:
            listener.port.draining = True

    async def _serve(self) -> None:
        settings: Settings = self.app.settings
        logs.expect_many()
        self.certificate = ServedCertificate(settings.tls_dir, settings.client_ca_file, settings.min_tls_version)
        self.next_certificate = 0.0
        self.profile = ChosenProfile(settings.policy, self.app.source.cluster)
        self.settled = False
        self.left_memory = LeftMemory()
        self.listeners = self._listeners(settings)
        # The collector of cyclic garbage leaves alone what lives as long as the process, and looks less often.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD, 20, 20)
        sys.setswitchinterval(_SWITCH)
        while self.alive and self.ppid == os.getppid():
            await self._tick()
        await self._drain(settings.drain_seconds)
        await self._finish(settings.request_timeout)

    def _listeners(self, settings: Settings) -> tuple[Listener, ...]:
        port = partial(Port, read_timeout=settings.read_timeout, keepalive=settings.keepalive)
        reviews = port(
            respond=self.wsgi.respond,
            tls=lambda: self.certificate.context,
            max_in_flight=settings.max_in_flight,
            max_connections=settings.max_connections,
            gives_way={Phase.IDLE, Phase.CLOSING},
        )
        # Who asks a probe asks at once: strangers who don't can't keep the kubelet away.
        probes = port(
            respond=Pages(probes_app(self._missing, metrics.REGISTRY)).respond,
            tls=None,
            max_in_flight=_PROBE_CONNECTIONS,
            max_connections=_PROBE_CONNECTIONS,
            gives_way=set(Phase) - {Phase.ANSWERING},
        )
        metrics.IN_FLIGHT.set_function(lambda: reviews.in_flight)
        metrics.CONNECTIONS.set_function(lambda: len(reviews.connections))
        ages = self.app.source.ages
        for kind in ages():
            metrics.SNAPSHOT_AGE.labels(kind).set_function(partial(lambda of: ages()[of], kind))
        return Listener(self.sockets[0].sock, reviews), Listener(self.sockets[1].sock, probes)

    def _missing(self) -> list[str]:
        """Say what keeps this from being ready."""
        source: Source = self.app.source
        missing = list(source.missing())
        if self.certificate.context is None:
            missing.append(f"certificate: {self.certificate.problem}")
        if not self.alive:
            missing.append("draining: this replica is stopping")
        return missing

    async def _drain(self, seconds: float) -> None:
        """Go on serving while the endpoint's removal gets around; each answer closes its connection."""
        log.info("draining", seconds=seconds)
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.ppid == os.getppid():
            await self._tick()

    async def _finish(self, seconds: float) -> None:
        """Stop accepting, and let what is in flight be answered."""
        for listener in self.listeners:
            listener.close()
        until = time.monotonic() + seconds
        while any(listener.port.connections for listener in self.listeners) and time.monotonic() < until:
            self.notify()
            for listener in self.listeners:
                listener.end_idle(time.monotonic())
            await asyncio.sleep(_LAST_TICK)
        self.app.source.stop()

    async def _tick(self) -> None:
        """Look after everything that no request does, then let the loop go on."""
        now = time.monotonic()
        self.notify()
        self.profile.tell()
        if now >= self.next_certificate:
            self.next_certificate = now + self.app.settings.certificate_poll
            self.certificate.refresh()
        if not self.settled and not self._missing():
            # What is known of the cluster lives long, too, and the collector's way through it grows with it.
            self.settled = True
            gc.freeze()
        for listener in self.listeners:
            listener.port.date = formatdate(usegmt=True).encode()
            listener.end_overdue(now)
            listener.listen()
        self.left_memory.look(sum(len(listener.port.connections) for listener in self.listeners))
        await asyncio.sleep(_TICK)

"""The process: gunicorn as its manager, with everything that it needs to know."""

import gc
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from webhook.kube import logs
from webhook.server.answer import Service
from webhook.server.app import AdmissionApp
from webhook.server.clusters import Source, source_of
from webhook.server.logs import GunicornLogger
from webhook.server.worker import LoopWorker
from webhook.settings.settings import Settings
from webhook.settings.values import Address

_FINISH_MARGIN: Final = 3
"""Seconds that a worker has beyond draining and one last request, before it is killed."""


class Process(BaseApplication):  # type: ignore[misc]
    """What gunicorn runs: one worker of ours, supervised."""

    def __init__(self, settings: Settings, source: Source) -> None:
        self.settings = settings
        self.source = source
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn what it has a say in."""
        settings = self.settings
        chosen: dict[str, Any] = {
            "bind": [_bind(settings.listen), _bind(settings.probe_listen)],
            "workers": 1,
            "worker_class": LoopWorker,
            "logger_class": GunicornLogger,
            "loglevel": settings.log_level,
            "proc_name": "live-migration-webhook",
            "graceful_timeout": round(settings.drain_seconds + settings.request_timeout + _FINISH_MARGIN),
            "control_socket_disable": True,
            "worker_tmp_dir": settings.worker_tmp_dir or None,
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> AdmissionApp:
        """Start what needs threads, in the worker, and return its application."""
        self.source.start()
        service = Service(
            cluster=self.source.cluster,
            policy=self.settings.policy,
            request_timeout=self.settings.request_timeout,
            record=self.source.record,
        )
        return AdmissionApp(service)


def run(settings: Settings) -> None:
    """Write logs as the settings say, and serve until SIGTERM; ends the process.

    Raises:
        UnreadableManifest: when the cluster is made of manifests that can't be read.
        NoCredentials: when nothing says where the API server is.
    """
    logs.configure(settings.log_format, settings.log_level)
    process = Process(settings, source_of(settings))
    # A collector that looks at an object writes into it: the worker would get a copy of all that both processes have.
    gc.collect()
    gc.freeze()
    Arbiter(process).run()


def _bind(address: Address) -> str:
    return f"[{address.host}]:{address.port}" if ":" in address.host else f"{address.host}:{address.port}"

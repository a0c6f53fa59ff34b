"""The process: gunicorn as its manager, with everything that it needs to know."""

import gc
from functools import partial
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from webhook.admission.reviewer import Reviewer
from webhook.engine.assessment import Rules
from webhook.engine.restrictions import ALL
from webhook.engine.restrictions.restriction import Restriction
from webhook.server.endpoints import Endpoints
from webhook.server.pages import Pages, admission_pages
from webhook.server.record import record
from webhook.server.worker import AsyncioWorker
from webhook.settings.clusters import Source
from webhook.settings.settings import Settings
from webhook.settings.values import Address

_FINISH_MARGIN: Final = 3
"""Seconds that a worker has beyond draining and one last request, before it is killed."""


class GunicornLogger(Logger):  # type: ignore[misc]
    """gunicorn's messages, in the form of all our logs."""

    def setup(self, cfg: Any) -> None:
        """Leave everything to the root logger."""
        self.cfg = cfg
        self.error_log.propagate = True
        self._access_log_enabled = False


class Process(BaseApplication):  # type: ignore[misc]
    """What gunicorn runs: one worker of ours, supervised."""

    def __init__(self, settings: Settings, source: Source, rules: Rules) -> None:
        self.settings = settings
        self.source = source
        self.rules = rules
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn what it has a say in."""
        settings = self.settings
        chosen: dict[str, Any] = {
            "bind": [_bind(settings.listen), _bind(settings.probe_listen)],
            "workers": 1,
            "worker_class": AsyncioWorker,
            "logger_class": GunicornLogger,
            "loglevel": settings.log_level,
            "proc_name": "live-migration-webhook",
            "graceful_timeout": round(settings.drain_seconds + settings.request_timeout + _FINISH_MARGIN),
            "control_socket_disable": True,
            "worker_tmp_dir": settings.worker_tmp_dir or None,
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Endpoints:
        """Start what needs threads, in the worker, and return what answers its requests."""
        self.source.start()
        return Endpoints(
            reviewer=Reviewer(cluster=self.source.cluster, rules=self.rules),
            timeout=self.settings.request_timeout,
            record=partial(record, tell=self.source.tell),
            pages=Pages(admission_pages()),
        )


def run(settings: Settings, source: Source, restrictions: tuple[Restriction, ...] = ALL) -> None:
    """Serve until SIGTERM, by what the source knows and these restrictions; ends the process."""
    process = Process(settings, source, Rules(policy=settings.policy, restrictions=restrictions))
    # A collector that looks at an object writes into it: the worker would get a copy of all that both processes have.
    gc.collect()
    gc.freeze()
    Arbiter(process).run()


def _bind(address: Address) -> str:
    return f"[{address.host}]:{address.port}" if ":" in address.host else f"{address.host}:{address.port}"

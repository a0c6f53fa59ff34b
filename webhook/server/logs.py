"""gunicorn's messages, in the form of all our logs."""

from typing import Any

from gunicorn.glogging import Logger


class GunicornLogger(Logger):  # type: ignore[misc]
    """gunicorn's messages, without handlers and a format of their own."""

    def setup(self, cfg: Any) -> None:
        """Leave everything to the root logger."""
        self.cfg = cfg
        self.error_log.propagate = True
        self._access_log_enabled = False

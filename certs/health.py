"""Whether the keeper works: the state behind its probes."""

import time


class Health:
    """When the keeper last looked. `patience`: seconds without a look until it counts as failed."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._last = time.monotonic()
        self._success: float | None = None
        self._error = "nothing has been read from the API server yet"

    def succeeded(self) -> None:
        """Note that everything was read, and the step, if any, was done."""
        self._last = self._success = time.monotonic()

    def failed(self, error: Exception) -> None:
        """Note why a look or a step failed; the next look follows."""
        self._last = time.monotonic()
        self._error = str(error)

    def broken(self) -> list[str]:
        """Return why the process should be restarted; nothing when it is fine."""
        return [] if time.monotonic() - self._last < self._patience else ["the keeper looks no more"]

    def missing(self) -> list[str]:
        """Return why the keeper doesn't keep anything just now; nothing when it does."""
        recent = self._success is not None and time.monotonic() - self._success < self._patience
        return self.broken() or ([] if recent else [self._error])

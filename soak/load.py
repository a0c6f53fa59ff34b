"""A steady stream of migrations that are judged and not kept (dry runs), and the count of what went wrong."""

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from testbed.api import KUBEVIRT, Api, ApiError

RATE: Final = 50
"""Migrations a second."""
SENDERS: Final = 8


class Load:
    """Sends while it is entered. `lost` holds every answer that is neither a success nor our own refusal."""

    def __init__(self, api: Api, namespace: str, machines: Sequence[str], *, rate: float = RATE) -> None:
        """Take the VMIs that are to be moved in turn; the name of a refused one begins with `stuck`."""
        self._rate = rate
        self._api = api
        self._path = f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations?dryRun=All"
        self._machines = machines
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._number = 0
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]
        self.sent = 0
        self.lost: list[str] = []

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def until(self, sent: int) -> None:
        """Return when so many have been sent and answered."""
        while self.sent < sent:
            time.sleep(0.05)

    def _send(self) -> None:
        while not self._ending.is_set():
            number = self._next()
            time.sleep(max(0.0, self._began + number / self._rate - time.monotonic()))
            self._judge(self._machines[number % len(self._machines)])

    def _next(self) -> int:
        with self._lock:
            self._number += 1
            return self._number

    def _judge(self, machine: str) -> None:
        wrong = self._wrong(machine)
        with self._lock:
            self.sent += 1
            if wrong:
                self.lost.append(wrong)

    def _wrong(self, machine: str) -> str:
        """Send one migration; return what is wrong with the answer, "" for nothing."""
        document = {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachineInstanceMigration",
            "metadata": {"generateName": "load-"},
            "spec": {"vmiName": machine},
        }
        refused = machine.startswith("stuck")
        try:
            self._api.post(self._path, document)
        except ApiError as error:
            return "" if refused and "bridge-network: " in error.message else error.message
        except Exception as error:  # noqa: BLE001 - whatever it is, the call is lost
            return repr(error)
        return "a migration that must be refused passed" if refused else ""

"""Who is compared, and how each is started."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bench.machine import SERVER_CORE, family, on_core
from bench.programs import Programs
from testbed.pki import Pair
from testbed.processes import LOOPBACK, Process, free_ports

PATH: Final = "/validate/migrations"
HOST: Final = "localhost"
OURS: Final = "ours"
BEFORE: Final = "before"
"""This webhook as it was at an earlier commit."""
CONTROLLER_RUNTIME: Final = "controller-runtime"
KOPF: Final = "kopf"
VIRT_API: Final = "virt-api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a contestant is started with. `port` is for reviews, `plain` and `spare` for what else it serves."""

    programs: Programs
    kubeconfig: Path
    certificates: Path
    port: int
    plain: int
    spare: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A webhook: its command, and the port of a /readyz that counts, if there is one."""

    name: str
    command: Callable[[Place], Sequence[str | Path]]
    environment: Callable[[Place], Mapping[str, str]] = lambda _: {}
    readiness: Callable[[Place], int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A contestant that runs."""

    name: str
    process: Process
    place: Place
    authority: Path
    ready: Callable[[], bool] = field(repr=False)

    @property
    def url(self) -> str:
        """Where it takes reviews of migrations."""
        return f"https://{HOST}:{self.place.port}{PATH}"

    @property
    def pid(self) -> int:
        """Its first process; the one before only holds it."""
        return family(self.process.pid or 0)[1]


def _ours(place: Place) -> Sequence[str | Path]:
    return _this_webhook(place, place.programs["python"], place.programs["in a pod"])


def _before(place: Place) -> Sequence[str | Path]:
    return _this_webhook(place, place.programs["python before"], place.programs["in a pod before"])


def _this_webhook(place: Place, python: Path, program: Path) -> Sequence[str | Path]:
    flags: Mapping[str, str | Path] = {
        "listen": f"{LOOPBACK}:{place.port}",
        "probe-listen": f"{LOOPBACK}:{place.plain}",
        "tls-dir": place.certificates,
        "drain-seconds": "0",
    }
    words = [part for flag, value in flags.items() for part in (f"--{flag}", value)]
    return [python, program, _service_account(place), "serve", *words]


def _our_environment(place: Place) -> Mapping[str, str]:
    """Return where a pod finds the API server."""
    server = urlsplit(_cluster(place)["server"])
    return {"KUBERNETES_SERVICE_HOST": str(server.hostname), "KUBERNETES_SERVICE_PORT": str(server.port)}


def _service_account(place: Place) -> Path:
    """Write the kubeconfig's credentials as Kubernetes mounts them into a pod; return the folder."""
    folder = place.certificates / "service-account"
    folder.mkdir(exist_ok=True)
    user = json.loads(place.kubeconfig.read_text())["users"][0]["user"]
    (folder / "token").write_text(user["token"])
    (folder / "namespace").write_text("default")
    (folder / "ca.crt").write_bytes(Path(_cluster(place)["certificate-authority"]).read_bytes())
    return folder


def _cluster(place: Place) -> Mapping[str, str]:
    cluster: Mapping[str, str] = json.loads(place.kubeconfig.read_text())["clusters"][0]["cluster"]
    return cluster


def _controller_runtime(place: Place) -> Sequence[str | Path]:
    return [
        place.programs["controller-runtime"],
        f"-host={LOOPBACK}",
        f"-port={place.port}",
        f"-certificates={place.certificates}",
        f"-metrics={LOOPBACK}:{place.spare}",
        f"-probes={LOOPBACK}:{place.plain}",
    ]


def _kopf(place: Place) -> Sequence[str | Path]:
    return [place.programs["kopf"], "run", "--standalone", "-A", Path(__file__).parent / "peers" / "kopf" / "peer.py"]


US: Final = Contestant(name=OURS, command=_ours, environment=_our_environment, readiness=lambda place: place.plain)
_US_BEFORE: Final = replace(US, name=BEFORE, command=_before)
_OTHERS: Final = (
    Contestant(
        name=CONTROLLER_RUNTIME,
        command=_controller_runtime,
        environment=lambda place: {"KUBECONFIG": str(place.kubeconfig)},
        readiness=lambda place: place.plain,
    ),
    Contestant(
        name=KOPF,
        command=_kopf,
        environment=lambda place: {
            "KUBECONFIG": str(place.kubeconfig),
            "PEER_PORT": str(place.port),
            "PEER_CERTIFICATES": str(place.certificates),
        },
    ),
)


def contestants(programs: Programs) -> tuple[Contestant, ...]:
    """Return who is compared, as far as their programs are there."""
    return (US, *((_US_BEFORE,) if "python before" in programs else ()), *_OTHERS)


@contextmanager
def running(
    contestant: Contestant,
    *,
    programs: Programs,
    kubeconfig: Path,
    serving: Pair,
    authority: Path,
    folder: Path,
) -> Iterator[Running]:
    """Start a contestant on the server's core; it needn't be ready yet."""
    port, plain, spare = free_ports(3)
    place = Place(
        programs=programs,
        kubeconfig=kubeconfig,
        certificates=serving.certificate.parent,
        port=port,
        plain=plain,
        spare=spare,
    )
    process = Process(
        name=contestant.name,
        command=[programs["leash"], "--", *contestant.command(place)],
        folder=folder,
        environment=contestant.environment(place),
    )
    probe = contestant.readiness(place) if contestant.readiness else None
    try:
        with on_core(SERVER_CORE):
            process.start()
        yield Running(
            name=contestant.name,
            process=process,
            place=place,
            authority=authority,
            ready=lambda: probe is None or _says_ready(probe),
        )
    finally:
        process.stop()


def ask(running: Running, body: bytes, *, timeout: float = 5) -> bytes:
    """Send one review over a connection of its own; return the answer. Raises OSError when there is none."""
    context = ssl.create_default_context(cafile=str(running.authority))
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(running.url, body, headers)  # noqa: S310
    with urllib.request.urlopen(request, context=context, timeout=timeout) as answer:  # noqa: S310
        content: bytes = answer.read()
    return content


def _says_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.HTTPError, OSError):
        return False

"""Where the time of an allowed review goes in our own code: each layer alone, in one thread.

`python -m bench.layers` prints µs by layer, as JSON: `measure` runs it on the service's interpreter.
"""

import json
import os
import subprocess
import timeit
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import orjson

from bench.cases import ALLOWED, HEALTHY, TEAMS, body
from bench.machine import SERVER_CORE, on_core
from bench.objects import Object, claims, compact, kubevirt, launcher, namespace, node, vmi
from webhook.admission.hooks import BY_PATH, decide
from webhook.admission.review import read, write
from webhook.engine.placement import place
from webhook.engine.policy import Policy
from webhook.kube import logs
from webhook.server import answer
from webhook.server.http1 import RequestParser, response
from webhook.server.wsgi import base_environment, environment
from webhook.state.manifests import Manifests
from webhook.state.snapshot import Snapshot, snapshot_of

ROOT: Final = Path(__file__).parents[1]
ROUNDS: Final = 15
NODES: Final = 25
READING, REVIEW, VERDICT, TELLING, ANSWER = LAYERS = (
    "HTTP, from bytes to a WSGI environment",
    "the review: JSON, and what is read of it",
    "the verdict",
    "log line and metrics",
    "the answer, as JSON and as HTTP",
)
"""What each review goes through."""


def measure(python: Path) -> Mapping[str, float]:
    """Return µs by layer, on this interpreter, whose environment has the service."""
    with on_core(SERVER_CORE):
        result = subprocess.run([python, "-m", "bench.layers"], cwd=ROOT, capture_output=True, text=True, check=True)
    layers: Mapping[str, float] = json.loads(result.stdout)
    return layers


def _layers() -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield each layer and one step of it; the steps go over more virtual machines than are remembered."""
    snapshot = _cluster()
    cluster, policy, hook = Manifests(snapshot), Policy(), BY_PATH["/validate/migrations"]
    bodies = [body(case) for case in ALLOWED]
    requests = [read(each) for each in bodies]
    verdicts = [decide(hook, each, cluster, policy, None) for each in requests]
    machines = [snapshot.vmi(case.namespace, case.vmi) for case in ALLOWED]
    parser, base = RequestParser(), base_environment(("127.0.0.1", 9443), "https")
    sent, asked, placed = cycle(map(_http, bodies)), cycle(requests), cycle(machine for machine in machines if machine)
    written = write(requests[0], verdicts[0])
    headers = [("Content-Type", answer.JSON), ("Content-Length", str(len(written)))]

    def parse() -> Any:
        parser.feed(next(sent))
        return environment(parser.requests.popleft(), base, "127.0.0.1")

    yield READING, parse
    yield REVIEW, lambda: read(bodies[0])
    yield "- of it JSON", lambda: orjson.loads(bodies[0])
    yield VERDICT, lambda: decide(hook, next(asked), cluster, policy, None)
    yield "- of it the target pod and all nodes", lambda: place(next(placed), snapshot, {})
    yield TELLING, lambda: answer._record(hook, requests[0], verdicts[0], 0.001)
    yield (
        ANSWER,
        lambda: response("200 OK", headers, write(requests[0], verdicts[0]), date="", close=False),
    )
    yield "the verdict, when it was asked for just before", lambda: decide(hook, requests[0], cluster, policy, None)


def _http(review: bytes) -> bytes:
    lines = [
        "POST /validate/migrations?timeout=5s HTTP/1.1", "Host: localhost:9443",
        "User-Agent: kube-apiserver-admission", f"Content-Length: {len(review)}",
        "Accept: application/json, */*", "Content-Type: application/json",
    ]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + review


def _cluster() -> Snapshot:
    """Return the cluster of the comparison, as far as it is asked about."""
    name, place_, home = "vm-{n}", "team-{team}", "node-{node}-intel"
    documents = [kubevirt(), namespace("kubevirt")]
    for number in range(HEALTHY):
        templates = (vmi(name, place_, home), *claims(name, place_), launcher(name, place_, home))
        documents += [_filled(each, number) for each in templates]
    documents += [
        _filled(node(f"node-{{n}}-{kind}", kind), number) for number in range(NODES) for kind in ("intel", "amd")
    ]
    documents += [namespace(f"team-{number}") for number in range(TEAMS)]
    return snapshot_of(documents)


def _filled(template: Object, number: int) -> Object:
    numbers = {"n": number, "node": number % NODES, "team": number % TEAMS, "version": 1}
    text = compact(template)
    for key, value in numbers.items():
        text = text.replace(f"{{{key}}}", str(value))
    filled: Object = json.loads(text)
    return filled


def _microseconds(step: Callable[[], object]) -> float:
    return min(timeit.repeat(step, number=HEALTHY, repeat=ROUNDS)) / HEALTHY * 1e6


if __name__ == "__main__":
    logs.configure("json", "info")
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        logs.expect_many()
        measured = {name: _microseconds(step) for name, step in _layers()}
    print(json.dumps(measured))

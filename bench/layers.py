"""Where the time of an allowed review goes in our own code: each layer alone, in one thread.

`python -m bench.layers` prints µs by layer, as JSON: `measure` runs it on the service's interpreter.
"""

import asyncio
import json
import os
import subprocess
import timeit
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, suppress
from itertools import cycle
from pathlib import Path
from typing import Final

import orjson

from bench.cases import ALLOWED, HEALTHY, TEAMS, body
from bench.machine import SERVER_CORE, on_core
from bench.objects import Object, claims, compact, kubevirt, launcher, namespace, node, vmi
from webhook.admission.hooks import BY_PATH, decide
from webhook.admission.review import AdmissionRequest, read, write
from webhook.admission.reviewer import Outcome
from webhook.engine.assessment import Rules
from webhook.engine.placement import place
from webhook.kube import logs
from webhook.server.http1 import JSON, RequestParser, Response
from webhook.server.record import record
from webhook.state.manifests import Manifests
from webhook.state.snapshot import Snapshot, snapshot_of

ROOT: Final = Path(__file__).parents[1]
ROUNDS: Final = 15
NODES: Final = 25
READING, REVIEW, VERDICT, TELLING, ANSWER = LAYERS = (
    "HTTP, from bytes to a request",
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
    cluster, rules, hook = Manifests(snapshot), Rules(), BY_PATH["/validate/migrations"]
    bodies = [body(case) for case in ALLOWED]
    requests = [read(each) for each in bodies]
    verdict = asyncio.run(decide(hook, requests[0], cluster, rules, 5))
    machines = [snapshot.vmi(case.namespace, case.vmi) for case in ALLOWED]
    parser = RequestParser()
    sent, asked, placed = cycle(map(_http, bodies)), cycle(requests), cycle(machine for machine in machines if machine)
    outcome = Outcome(hook=hook, request=requests[0], verdict=verdict)

    def parse() -> None:
        parser.feed(next(sent))
        parser.answered()

    def decided(request: AdmissionRequest) -> None:
        # An allowed request awaits nothing.
        with suppress(StopIteration):
            decide(hook, request, cluster, rules, 5).send(None)

    def answer() -> bytes:
        response = Response(body=write(requests[0], verdict), content_type=JSON)
        return response.rendered(b"", close=False)

    yield READING, parse
    yield REVIEW, lambda: read(bodies[0])
    yield "- of it JSON", lambda: orjson.loads(bodies[0])
    yield VERDICT, lambda: decided(next(asked))
    yield "- of it the target pod and all nodes", lambda: place(next(placed), snapshot, {})
    yield TELLING, lambda: record(outcome, 0.001)
    yield ANSWER, answer
    yield "the verdict, when it was asked for just before", lambda: decided(requests[0])


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

"""A small HTTP server that answers as a test says: for what a real API server can't be made to do on demand.

A script maps "list", "watch" and "get" to answers. Each request takes the next answer, the last one stays.
"""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Object = dict[str, Any]

SILENCE = object()
"""In a body: say nothing more, and keep the connection open."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A status, and a body in parts: each is sent at once."""

    status: int = 200
    parts: Sequence[Any] = ()
    whole: bool = True
    """False: the connection is closed before the body's end."""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked for."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def verb(self) -> str:
        """What it is in the words of a role, without looking at the path: reading one object takes no limit."""
        return "watch" if "watch" in self.query else "list" if "limit" in self.query else "get"


@dataclass
class ScriptedServer:
    """The server: its address and what it was asked."""

    script: Mapping[str, Sequence[Answer]]
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def asked(self, verb: str) -> list[Request]:
        """Return the requests of one verb, in order."""
        return [request for request in self.requests if request.verb == verb]

    def answer(self, request: Request) -> Answer:
        """Record the request and take its answer from the script."""
        self.requests.append(request)
        answers = self.script[request.verb]
        return answers[min(len(self.asked(request.verb)), len(answers)) - 1]


@contextmanager
def scripted_server(**script: Sequence[Answer]) -> Iterator[ScriptedServer]:
    """Serve the script on a free port of the loopback interface."""
    scripted = ScriptedServer(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            request = Request(path=address.path, query=dict(parse_qsl(address.query)), headers=dict(self.headers))
            answer = scripted.answer(request)
            self.send_response_only(answer.status)
            for name, value in {"Transfer-Encoding": "chunked", **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self._send(answer.parts)
            if answer.whole:
                self.wfile.write(b"0\r\n\r\n")
            else:
                self.close_connection = True

        def _send(self, parts: Iterable[Any]) -> None:
            for part in parts:
                if part is SILENCE:
                    scripted.stopped.wait()
                    return
                data = part if isinstance(part, bytes) else json.dumps(part).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    scripted.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield scripted
    finally:
        scripted.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


def a_list(*items: Object, version: str = "10", token: str = "") -> Answer:
    """Return a page of a list; `token` leads to the next one."""
    return Answer(parts=[{"metadata": {"resourceVersion": version, "continue": token}, "items": list(items)}])


def a_watch(*events: Any, then: Any = None) -> Answer:
    """Return a watch that tells these events, and ends or does what `then` says."""
    return Answer(parts=[*events, *([then] if then else [])])


def an_event(kind: str, item: Object) -> Object:
    """Return an event: ADDED, MODIFIED, DELETED or BOOKMARK."""
    return {"type": kind, "object": item}


def a_bookmark(version: str) -> Object:
    """Return the event that only says how far the watch is."""
    return an_event("BOOKMARK", {"metadata": {"resourceVersion": version}})


def an_error(code: int, message: str) -> Object:
    """Return the event with which a watch says that it can't go on."""
    return {"type": "ERROR", "object": {"kind": "Status", "code": code, "message": message}}


def a_refusal(code: int, message: str, **details: str) -> Answer:
    """Return a Status object."""
    return Answer(status=code, parts=[{"kind": "Status", "code": code, "message": message, "details": details}])


def a_namespace(name: str, version: str = "1", **labels: str) -> Object:
    """Return a namespace."""
    return {"metadata": {"name": name, "resourceVersion": version, "labels": labels}}

"""A request as WSGI has it (PEP 3333)."""

import io
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

from webhook.server.http1 import Request

Environment = dict[str, Any]
WsgiApp = Callable[[Environment, Any], Iterable[bytes]]


def base_environment(address: tuple[Any, ...], scheme: str) -> Environment:
    """Return what is the same for all requests to one listening address."""
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": address[0],
        "SERVER_PORT": str(address[1]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def environment(request: Request, base: Mapping[str, Any], peer: str) -> Environment:
    """Return a request's environment."""
    environ: Environment = {
        **base,
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.query.decode("latin-1"),
        "REMOTE_ADDR": peer,
        "wsgi.input": io.BytesIO(request.body),
    }
    for name, value in request.headers:
        key = _variable(name)
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    # The body is whole by now, whether it came in chunks or not.
    environ["CONTENT_LENGTH"] = str(len(request.body))
    return environ


@lru_cache(maxsize=256)
def _variable(name: bytes) -> str:
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"

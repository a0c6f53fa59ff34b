"""Requests to the API server: what is asked, and what becomes of each kind of answer."""

import datetime as dt
import socket
from dataclasses import replace

import pytest

from tests.kube.scripted_server import SILENCE, Answer, a_list, a_refusal, scripted_server
from tests.kube.test_reflector import Nobody
from webhook.kube.api import Api
from webhook.kube.refusals import ApiError, Conflict, Forbidden, Gone, KindMissing, NotFound, Rejected, Unreachable
from webhook.kube.transport import Transport
from webhook.state.kinds import CLAIM, MIGRATION, NODE, VMI, Kind


def ask(answer: Answer, kind: Kind = VMI) -> object:
    """Read an object and get this answer."""
    with scripted_server(get=[answer]) as server:
        return Api(Transport(Nobody(server.url))).get(kind, "default", "web", timeout=0.5)


@pytest.mark.parametrize(
    ("kind", "namespace", "name", "path"),
    [
        (VMI, "default", "web", "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances/web"),
        (VMI, "default", "", "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances"),
        (VMI, "", "", "/apis/kubevirt.io/v1/virtualmachineinstances"),
        (CLAIM, "default", "root", "/api/v1/namespaces/default/persistentvolumeclaims/root"),
        (NODE, "", "node-a", "/api/v1/nodes/node-a"),
        (NODE, "", "", "/api/v1/nodes"),
    ],
)
def test_each_object_has_its_path(kind: Kind, namespace: str, name: str, path: str) -> None:
    assert kind.path(namespace, name) == path


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        pytest.param(a_refusal(404, "no such VMI", name="web"), NotFound, "no such VMI", id="no such object"),
        pytest.param(
            Answer(status=404, parts=[b"404 page not found\n"]),
            KindMissing,
            "VirtualMachineInstance is not a kind of this cluster: "
            "virtualmachineinstances.kubevirt.io is not installed",
            id="no such kind",
        ),
        pytest.param(
            a_refusal(403, "is forbidden"),
            Forbidden,
            'no right to get virtualmachineinstances: a role needs apiGroups ["kubevirt.io"], '
            'resources ["virtualmachineinstances"], verbs ["get"]',
            id="no right",
        ),
        pytest.param(
            a_refusal(401, "Unauthorized"),
            Unreachable,
            "the API server does not accept the credentials: Unauthorized",
            id="an unknown user",
        ),
        pytest.param(a_refusal(409, "was changed", name="web"), Conflict, "was changed", id="a conflict"),
        pytest.param(a_refusal(410, "too old"), Gone, "too old", id="a forgotten version"),
        pytest.param(a_refusal(400, "bad request"), Rejected, "bad request", id="a bad request"),
        pytest.param(
            a_refusal(429, "too many requests"),
            Unreachable,
            "the API server answers 429 to get virtualmachineinstances: too many requests",
            id="too many requests",
        ),
        pytest.param(
            Answer(status=502, parts=[b"<html>\nBad \x1b[31mGateway</html>"]),
            Unreachable,
            "the API server answers 502 to get virtualmachineinstances: <html> Bad [31mGateway</html>",
            id="a proxy's page",
        ),
        pytest.param(
            Answer(status=302),
            Unreachable,
            "the API server answers 302 to get virtualmachineinstances: ",
            id="a redirection",
        ),
        pytest.param(
            Answer(parts=[b"{"]),
            Unreachable,
            "the API server answers with something that isn't JSON: unexpected end of data: line 1 column 2 (char 1)",
            id="no JSON",
        ),
        pytest.param(
            Answer(parts=[[]]),
            Unreachable,
            "the API server answers with something that isn't an object",
            id="a list for an object",
        ),
    ],
)
def test_each_refusal_has_a_type_and_a_sentence(answer: Answer, error: type[ApiError], words: str) -> None:
    with pytest.raises(error) as raised:
        ask(answer)

    assert type(raised.value) is error
    assert str(raised.value) == words


def test_a_server_that_does_not_answer_in_time_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"^http://127\.0\.0\.1:\d+ can't be reached: Read timed out"):
        ask(Answer(parts=[SILENCE]))


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        server = f"http://127.0.0.1:{bound.getsockname()[1]}"

        with pytest.raises(Unreachable) as raised:
            Api(Transport(Nobody(server))).get(VMI, "default", "web", timeout=5)

    assert str(raised.value) == f"{server} can't be reached: [Errno 111] Connection refused"


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        pytest.param("default", "", id="no name"),
        pytest.param("", "web", id="no namespace"),
        pytest.param("default", "..", id="the parent folder"),
        pytest.param("..", "web", id="the parent folder as namespace"),
        pytest.param("default", "a/b", id="a path"),
        pytest.param("default", "a?watch=true", id="a query"),
        pytest.param("default", "Web", id="upper case"),
        pytest.param("default", "ü", id="not ASCII"),
        pytest.param("default", "a\n", id="a line break"),
        pytest.param("default", "a" * 254, id="too long"),
    ],
)
def test_what_cannot_be_a_name_is_not_asked_for(namespace: str, name: str) -> None:
    with scripted_server(get=[]) as server, pytest.raises(NotFound):
        Api(Transport(Nobody(server.url))).get(VMI, namespace, name, timeout=5)

    assert server.requests == []


def test_a_list_asks_for_pages_and_labels() -> None:
    with scripted_server(list=[a_list({}, token="next"), a_list(version="11")]) as server:
        api = Api(Transport(Nobody(server.url), agent="kubectl-livemigration"))
        pages = list(api.pages(MIGRATION, namespace="default", selector="a=b,c=d", timeout=5))

    assert [(page.items, page.version) for page in pages] == [([{}], "10"), ([], "11")]
    first, second = server.requests
    assert first.path == "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstancemigrations"
    assert first.query == {"limit": "100", "labelSelector": "a=b,c=d"}
    assert second.query == {"limit": "100", "labelSelector": "a=b,c=d", "continue": "next"}
    assert first.headers["User-Agent"] == "kubectl-livemigration"


def test_a_kept_connection_that_the_server_has_closed_is_not_a_failure() -> None:
    lost = Answer(parts=[b"{}"], whole=False)
    with scripted_server(get=[lost, Answer(parts=[{"kind": "x"}])]) as server:
        document = Api(Transport(Nobody(server.url))).get(VMI, "default", "web", timeout=5)

    assert document == {"kind": "x"}
    assert len(server.requests) == 2


def test_the_time_is_the_api_servers() -> None:
    dated = Answer(parts=[{}], headers={"Date": "Tue, 01 Jan 2030 12:00:00 GMT"})
    with scripted_server(get=[dated]) as server:
        api = Api(Transport(Nobody(server.url)))
        api.get(VMI, "default", "web", timeout=5)

    assert api.now == dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)


def test_a_refusal_tells_the_time_too() -> None:
    refused = a_refusal(404, "no such VMI", name="web")
    with scripted_server(get=[replace(refused, headers={"Date": "Tue, 01 Jan 2030 12:00:00 GMT"})]) as server:
        api = Api(Transport(Nobody(server.url)))
        with pytest.raises(NotFound):
            api.get(VMI, "default", "web", timeout=5)

    assert api.now == dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("headers", [{}, {"Date": "today"}], ids=["none", "unreadable"])
def test_without_a_date_the_time_is_ours(headers: dict[str, str]) -> None:
    with scripted_server(get=[Answer(parts=[{}], headers=headers)]) as server:
        api = Api(Transport(Nobody(server.url)))
        api.get(VMI, "default", "web", timeout=5)

    before = dt.datetime.now(dt.UTC)
    assert before <= api.now <= dt.datetime.now(dt.UTC)

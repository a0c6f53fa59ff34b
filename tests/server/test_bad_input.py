"""Whatever arrives in place of a review, or inside one: the exact answer."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest

from testbed.builders import a_review
from testbed.serving import JSON, MIGRATIONS, Serving, a_migration

VIRTUAL_MACHINES = "/validate/virtualmachines"
NO_INTERFACES = (
    "bridge-network: spec.template.spec.domain.devices.interfaces: use masquerade, or a VLAN (multus) network"
)
"""KubeVirt gives a virtual machine without interfaces a bridge."""
TEXT = "text/plain; charset=utf-8"

Ask = Callable[[str, str, bytes, Mapping[str, str]], tuple[int, str | None, bytes]]


@pytest.fixture
def ask(service: Serving) -> Ask:
    def ask(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str | None, bytes]:
        response = service.ask(body, path=path, method=method, headers=dict(headers))
        return response.status, response.getheader("Content-Type"), response.body  # type: ignore[attr-defined]

    return ask


def with_object(document: Any, resource: str = "virtualmachines") -> bytes:
    return orjson.dumps(a_review(document, resource=resource))


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "text"),
    [
        pytest.param("POST", MIGRATIONS, JSON, b"", 400, "the request has no body", id="empty"),
        pytest.param(
            "POST",
            MIGRATIONS,
            JSON,
            b"x" * 8 * 1024 * 1024,
            413,
            "a review has at most 7340032 bytes, not 8388608",
            id="8 MiB",
        ),
        pytest.param(
            "POST",
            MIGRATIONS,
            JSON,
            b"kind: AdmissionReview",
            400,
            "the body is not JSON: unexpected character, expected a JSON value: line 1 column 1 (char 0)",
            id="not JSON",
        ),
        pytest.param(
            "POST",
            MIGRATIONS,
            JSON,
            b"[" * 100_000,
            400,
            "the body is not JSON: depth limit exceeded: line 1 column 1026 (char 1025)",
            id="JSON without bottom",
        ),
        pytest.param(
            "POST", MIGRATIONS, JSON, b"[]", 400, "expected an AdmissionReview, not a list", id="JSON that is no review"
        ),
        pytest.param(
            "POST",
            MIGRATIONS,
            JSON,
            b'{"apiVersion":"v1","kind":"Pod"}',
            400,
            "expected an AdmissionReview of admission.k8s.io/v1",
            id="wrong kind",
        ),
        pytest.param(
            "POST",
            MIGRATIONS,
            JSON,
            b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{}}',
            400,
            "the AdmissionReview has no request.uid",
            id="no uid",
        ),
        pytest.param(
            "POST",
            MIGRATIONS,
            JSON,
            with_object({}),
            400,
            "/validate/migrations judges virtualmachineinstancemigrations of kubevirt.io, not virtualmachines",
            id="another endpoint's resource",
        ),
        pytest.param("GET", MIGRATIONS, {}, b"", 405, "/validate/migrations takes POST, not GET", id="GET"),
        pytest.param("PUT", MIGRATIONS, JSON, b"{}", 405, "/validate/migrations takes POST, not PUT", id="PUT"),
        pytest.param(
            "POST", MIGRATIONS, {}, b"{}", 415, "expected Content-Type application/json, not none", id="no type"
        ),
        pytest.param(
            "POST",
            MIGRATIONS,
            {"Content-Type": "application/yaml"},
            b"{}",
            415,
            "expected Content-Type application/json, not application/yaml",
            id="another type",
        ),
        pytest.param(
            "POST",
            f"{MIGRATIONS}?timeout=soon",
            JSON,
            a_migration(),
            400,
            "timeout in the query: Invalid duration soon",
            id="a timeout that is none",
        ),
    ],
)
def test_what_is_no_review_is_answered_in_one_clear_line(  # noqa: PLR0917 - a row of the table
    ask: Ask, method: str, path: str, headers: Mapping[str, str], body: bytes, status: int, text: str
) -> None:
    assert ask(method, path, body, headers) == (status, TEXT, f"{text}\n".encode())


def response(*warnings: str) -> bytes:
    """Return an answer that allows."""
    inner = {"uid": "u-1", "allowed": True} | ({"warnings": list(warnings)} if warnings else {})
    return orjson.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": inner})


def a_template(spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web"}, "spec": {"template": {"spec": spec}}}


@pytest.mark.parametrize(
    ("body", "warnings"),
    [
        pytest.param(with_object(None), [NO_INTERFACES], id="object null"),
        pytest.param(
            with_object(7), ["object is a number, not an object: taken as absent", NO_INTERFACES], id="object a number"
        ),
        pytest.param(
            with_object({"spec": "all of it"}),
            ["spec is a string, not an object: taken as absent", NO_INTERFACES],
            id="spec a string",
        ),
        pytest.param(
            with_object(a_template("x")),
            ["spec.template.spec is a string, not an object: taken as absent", NO_INTERFACES],
            id="template's spec a string",
        ),
        pytest.param(
            with_object({"spec": "all of it"}, "virtualmachineinstances"),
            ["spec is a string, not an object: taken as absent"],
            id="VMI whose spec is a string",
        ),
        pytest.param(
            with_object(a_template({"domain": {"devices": {"disks": {"name": "a"}, "interfaces": [None]}}})),
            [
                "spec.template.spec.domain.devices.disks is an object, not a list: taken as absent",
                "spec.template.spec.domain.devices.interfaces[0] is null, not an object: taken as absent",
                NO_INTERFACES,
            ],
            id="disks an object and interface entries null",
        ),
        pytest.param(
            with_object(
                a_template(
                    {
                        "domain": {"devices": {"disks": [{"name": "n" * 300, "cdrom": {}}]}},
                        "volumes": [{"name": "n" * 300, "emptyDisk": {"capacity": "8Gii"}}],
                    }
                )
            ),
            [NO_INTERFACES, "cd-rom: spec.template.spec.domain.devices.disks[0].cdrom: eject the CD-ROM"],
            id="a name of 300 characters and a quantity that is none",
        ),
        pytest.param(
            with_object(
                a_template(
                    {
                        "domain": {"resources": {"requests": {"memory": "8Gii"}}, "devices": {"disks": "\U0001f4bf"}},
                        "evictionStrategy": ["\u202eetargiMeviL"],
                    }
                )
            ),
            [
                "spec.template.spec.domain.devices.disks is a string, not a list: taken as absent",
                "spec.template.spec.domain.resources.requests.memory is no quantity: taken as absent",
                "spec.template.spec.evictionStrategy is a list, not a string: taken as absent",
                NO_INTERFACES,
            ],
            id="emoji and right-to-left text in the wrong place",
        ),
    ],
)
def test_what_is_wrong_in_an_object_is_told_and_allowed(ask: Ask, body: bytes, warnings: list[str]) -> None:
    assert ask("POST", VIRTUAL_MACHINES, body, JSON) == (200, "application/json", response(*warnings))


@pytest.mark.parametrize(
    ("vmi", "warnings"),
    [
        pytest.param("nobody", ["VMI default/nobody does not exist: KubeVirt will refuse this migration"], id="absent"),
        pytest.param(
            "n" * 300,
            [f"VMI default/{'n' * 79}… does not exist: KubeVirt will refuse"[:119] + "…"],
            id="a name of 300 characters",
        ),
        pytest.param(
            "\u202eweb\U0001f4bf\n\x00",
            ["VMI default/web\U0001f4bf does not exist: KubeVirt will refuse this migration"],
            id="emoji, right-to-left and control characters",
        ),
    ],
)
def test_a_migration_of_a_vm_that_does_not_exist_is_kubevirts_to_refuse(
    ask: Ask, vmi: str, warnings: list[str]
) -> None:
    assert ask("POST", MIGRATIONS, a_migration(vmi), JSON) == (200, "application/json", response(*warnings))

"""AdmissionReview on the wire: exact bytes."""

import base64
from typing import Any

import orjson
import pytest

from testbed.builders import a_review
from webhook.admission import review
from webhook.engine.verdict import ALLOWED, Subject, Verdict, Violation

MIGRATIONS = "virtualmachineinstancemigrations"


def a_request(**request: Any) -> review.AdmissionRequest:
    return review.read(orjson.dumps(a_review({"spec": {}}, resource=MIGRATIONS, **request)))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the request has no body"),
        (b"{", "the body is not JSON: unexpected end of data: line 1 column 2 (char 1)"),
        (b"\xff\xfe", "the body is not JSON: str is not valid UTF-8: surrogates not allowed: line 1 column 1 (char 0)"),
        (b"[]", "expected an AdmissionReview, not a list"),
        (b"{}", "expected an AdmissionReview of admission.k8s.io/v1"),
        (b'{"kind":"Pod","apiVersion":"v1"}', "expected an AdmissionReview of admission.k8s.io/v1"),
        (
            b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}',
            "the AdmissionReview has no request.uid",
        ),
        (
            b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":7}}',
            "the AdmissionReview has no request.uid",
        ),
        (
            b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":"u"}',
            "the AdmissionReview has no request.uid",
        ),
    ],
)
def test_what_is_no_review_is_said_in_one_line(body: bytes, message: str) -> None:
    with pytest.raises(review.NotAReview) as raised:
        review.read(body)

    assert (str(raised.value), raised.value.status) == (message, 400)


def test_an_allowed_request_is_answered_with_its_uid_and_nothing_else() -> None:
    assert review.write(a_request(), ALLOWED) == (
        b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u-1","allowed":true}}'
    )


def test_the_answer_has_the_version_of_the_question() -> None:
    body = orjson.dumps(a_review({}, resource=MIGRATIONS) | {"apiVersion": "admission.k8s.io/v1beta1"})

    assert review.write(review.read(body), ALLOWED).startswith(b'{"apiVersion":"admission.k8s.io/v1beta1",')


def test_a_denial_has_a_message_for_people_and_causes_for_machines() -> None:
    violation = Violation(restriction="cd-rom", field="spec.x", problem='disk "iso" is one', remedy="eject it")
    verdict = Verdict(
        allowed=False,
        message="VM default/web cannot be live-migrated",
        causes=(violation,),
        subject=Subject(
            title="VM default/web",
            kind="VirtualMachineInstance",
            resource="virtualmachineinstances",
            namespace="default",
            name="web",
            uid="7",
        ),
    )

    assert orjson.loads(review.write(a_request(), verdict))["response"] == {
        "uid": "u-1",
        "allowed": False,
        "status": {
            "status": "Failure",
            "message": "VM default/web cannot be live-migrated",
            "reason": "Forbidden",
            "code": 403,
            "details": {
                "group": "kubevirt.io",
                "kind": "virtualmachineinstances",
                "name": "web",
                "uid": "7",
                "causes": [
                    {
                        "reason": "cd-rom",
                        "field": "spec.x",
                        "message": 'cd-rom: disk "iso" is one (spec.x). Eject it.',
                    }
                ],
            },
        },
    }


@pytest.mark.parametrize(
    ("warning", "sent"),
    [("a\nb", ["a b"]), ("x" * 121, ["x" * 119 + "…"]), ("\x00", None), ("\u202e", None)],
    ids=["line break", "too long", "nothing printable", "only a direction mark"],
)
def test_warnings_are_lines_that_the_api_server_passes_on(warning: str, sent: list[str] | None) -> None:
    answer = orjson.loads(review.write(a_request(), Verdict(warnings=(warning,))))

    assert answer["response"].get("warnings") == sent


def test_a_patch_is_a_json_patch_in_base64() -> None:
    verdict = Verdict(patch=({"op": "add", "path": "/metadata/labels", "value": {}},))

    response = orjson.loads(review.write(a_request(), verdict))["response"]

    assert response["patchType"] == "JSONPatch"
    assert orjson.loads(base64.b64decode(response["patch"])) == list(verdict.patch)


def test_a_null_object_is_an_empty_one() -> None:
    assert a_request(object=None).object == {}

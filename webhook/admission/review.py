"""AdmissionReview v1 on the wire: bytes in, bytes out. Nothing else knows its form.

Source: `k8s.io/api/admission/v1`; how the API server reads an answer: `k8s.io/apiserver/pkg/admission/plugin/webhook`.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

import orjson
from msgspec import Struct
from msgspec.structs import replace

from webhook.admission.presentation import misread_warnings
from webhook.engine.verdict import Verdict, Violation
from webhook.engine.wording import printable, printable_lines, shortened
from webhook.objects.fields import Fields, kind_of

API_VERSIONS: Final = ("admission.k8s.io/v1", "admission.k8s.io/v1beta1")
WARNING_LIMIT: Final = 120
"""Characters of one warning: what Kubernetes asks for; the API server cuts longer ones when there are many."""
WARNINGS_LIMIT: Final = 48
"""Warnings of one answer; kubectl prints each on a line."""
ANSWER_LIMIT: Final = 64 * 1024
"""Bytes of an answer."""
UNWRITTEN: Final = "nothing is written into the object: it would be too long"


class NotAReview(Exception):  # noqa: N818 - it is named for what arrived
    """Raised for a request that is no AdmissionReview; `status` is the HTTP status to answer with."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class AdmissionRequest(Struct, frozen=True, kw_only=True):
    """What the API server asks, in `size` bytes.

    `object` and `old_object` are the documents as they came, empty where the operation has none; `misread` says what
    else came in their place.
    """

    api_version: str
    uid: str
    group: str
    resource: str
    subresource: str
    operation: str
    namespace: str
    name: str
    user: str
    dry_run: bool
    size: int
    object: Mapping[str, Any]
    old_object: Mapping[str, Any]
    misread: tuple[str, ...] = ()


def read(body: bytes | bytearray) -> AdmissionRequest:
    """Read a review's request.

    Raises:
        NotAReview: when the bytes are no AdmissionReview that could be answered.
    """
    review = _decode(body)
    if review.text("kind") != "AdmissionReview" or review.text("apiVersion") not in API_VERSIONS:
        raise NotAReview("expected an AdmissionReview of admission.k8s.io/v1")
    request = review.object("request")
    uid = request.text("uid")
    if not uid:
        raise NotAReview("the AdmissionReview has no request.uid")
    resource = request.object("resource")
    documents = Fields(request.value)
    return AdmissionRequest(
        api_version=review.text("apiVersion"),
        uid=uid,
        group=resource.text("group"),
        resource=resource.text("resource"),
        subresource=request.text("subResource"),
        operation=request.text("operation"),
        namespace=request.text("namespace"),
        name=request.text("name"),
        user=request.object("userInfo").text("username"),
        dry_run=request.flag("dryRun") is True,
        size=len(body),
        object=documents.object("object").value,
        old_object=documents.object("oldObject").value,
        misread=documents.notes.all(),
    )


def write(request: AdmissionRequest, verdict: Verdict) -> bytes:
    """Write the answer to a request."""
    response: dict[str, Any] = {"uid": request.uid, "allowed": verdict.allowed}
    if not verdict.allowed:
        response["status"] = _status(verdict)
    if warnings := _warnings((*misread_warnings(request.misread), *verdict.warnings)):
        response["warnings"] = warnings
    if verdict.patch:
        response["patchType"] = "JSONPatch"
        response["patch"] = b64encode(orjson.dumps(list(verdict.patch))).decode()
    if verdict.audit:
        response["auditAnnotations"] = {key: printable(value) for key, value in verdict.audit.items()}
    written = orjson.dumps({"apiVersion": request.api_version, "kind": "AdmissionReview", "response": response})
    return written if len(written) <= ANSWER_LIMIT else write(request, _shorter(verdict))


def _shorter(verdict: Verdict) -> Verdict:
    """Return a verdict of which the details are left out that made it too long; the decision stays."""
    if verdict.patch or verdict.audit:
        return replace(verdict, patch=(), audit={}, warnings=(UNWRITTEN, *verdict.warnings))
    causes = verdict.causes[: len(verdict.causes) // 2]
    return replace(verdict, causes=causes, message=shortened(verdict.message, max(len(verdict.message) // 2, 1)))


def _warnings(texts: tuple[str, ...]) -> list[str]:
    told = [text for text in map(_warning, texts[:WARNINGS_LIMIT]) if text]
    more = len(texts) - WARNINGS_LIMIT
    return [*told, f"and {more:,} more warnings"] if more > 0 else told


def _decode(body: bytes | bytearray) -> Fields:
    if not body:
        raise NotAReview("the request has no body")
    try:
        review = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotAReview(f"the body is not JSON: {error}") from error
    if not isinstance(review, dict):
        raise NotAReview(f"expected an AdmissionReview, not {kind_of(review)}")
    return Fields(review)


def _status(verdict: Verdict) -> dict[str, Any]:
    status: dict[str, Any] = {
        "status": "Failure",
        "message": printable_lines(verdict.message),
        "reason": "Forbidden",
        "code": 403,
    }
    details: dict[str, Any] = {"causes": [_cause(violation) for violation in verdict.causes]}
    if subject := verdict.subject:
        details |= {"group": "kubevirt.io", "kind": subject.resource, "name": printable(subject.name)}
        if subject.uid:
            details["uid"] = printable(subject.uid)
    return status | {"details": details}


def _cause(violation: Violation) -> Mapping[str, str]:
    return {"reason": violation.restriction, "message": violation.message, "field": printable(violation.field)}


def _warning(text: str) -> str:
    return shortened(printable(text), WARNING_LIMIT)

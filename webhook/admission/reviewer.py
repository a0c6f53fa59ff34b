"""One admission review's way from bytes to the answer's bytes. The server and the `review` command both go it.

Three channels keep errors apart: what is no review is answered with 4xx, what we could not do with 5xx, so that the
operator's failurePolicy decides, and only what breaks a rule is denied. Nothing is logged or counted here: an Outcome
has all that there is to tell.
"""

from typing import Final

from msgspec import Struct

from webhook.admission.hooks import Hook, decide
from webhook.admission.review import AdmissionRequest, NotAReview, read, write
from webhook.engine.assessment import Rules
from webhook.engine.verdict import Verdict
from webhook.kube.source import Cluster, ClusterUnavailable

ANSWER_MARGIN: Final = 0.3
"""Seconds of the caller's timeout that are kept for the answer's way back."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a review: the AdmissionReview that answers it, where `status` is 200; else `error` says why not.

    `request` is None where it could not be read, `verdict` where there is none; `bug` is what was raised by mistake.
    """

    hook: Hook
    status: int = 200
    answer: bytes = b""
    error: str = ""
    request: AdmissionRequest | None = None
    verdict: Verdict | None = None
    bug: Exception | None = None


class Reviewer(Struct, frozen=True, kw_only=True):
    """What judges reviews: a cluster, and the rules that hold there."""

    cluster: Cluster
    rules: Rules

    async def review(self, hook: Hook, body: bytes | bytearray, timeout: float) -> Outcome:
        """Judge a review that was sent to a hook, within `timeout` seconds of the caller's.

        It waits for nothing but what the API server has to be asked before a denial.
        """
        request: AdmissionRequest | None = None
        try:
            request = read(body)
            verdict = await decide(hook, request, self.cluster, self.rules, timeout - ANSWER_MARGIN)
            return Outcome(hook=hook, answer=write(request, verdict), request=request, verdict=verdict)
        except NotAReview as error:
            return Outcome(hook=hook, status=error.status, error=str(error))
        except ClusterUnavailable as error:
            sentence = f"the cluster could not be read: {error}"
            return Outcome(hook=hook, status=503, error=sentence, request=request)
        except Exception as error:  # noqa: BLE001 - a bug of ours must reach the API server as one, whatever it is
            what = f"request {request.uid}" if request else "it"
            sentence = f"internal error; {what} is explained in the log"
            return Outcome(hook=hook, status=500, error=sentence, request=request, bug=error)

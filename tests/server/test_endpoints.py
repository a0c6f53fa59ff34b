"""From a request to a response: what the API server is told of a review that could not be judged, and when."""

import pytest

from testbed.serving import MIGRATIONS, a_migration
from tests.admission.test_reviewer import NotLoaded, Slow
from tests.server.asking import posted
from webhook.server.http1 import TEXT, Response


def test_a_cluster_that_is_not_loaded_is_http_503_and_to_be_tried_again() -> None:
    assert posted(NotLoaded(), MIGRATIONS, a_migration()) == Response(
        status=503,
        body=b"the cluster could not be read: Node: not loaded yet\n",
        content_type=TEXT,
        headers=(("Retry-After", "1"),),
    )


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("", 200, id="not said: the setting's 5 s"),
        pytest.param("timeout=3s", 200, id="long enough"),
        pytest.param("timeout=1s", 503, id="too short"),
        pytest.param("timeout=0s", 503, id="none"),
        pytest.param("other=1", 200, id="something else"),
    ],
)
def test_the_caller_says_how_long_an_answer_may_take(query: str, status: int) -> None:
    assert posted(Slow(2.0), MIGRATIONS, a_migration("absent"), query=query).status == status

"""What pods ask of a node: a snapshot remembers its answer by it, so pods alike must ask with the same object."""

from typing import Any

import pytest

from testbed.builders import a_node
from tests.engine.targets.placing import affinity, expression, placed


@pytest.mark.parametrize(
    ("spec", "same"),
    [
        pytest.param({}, True, id="alike"),
        pytest.param({"nodeSelector": {"disk": "ssd"}}, False, id="another node selector"),
        pytest.param(affinity(expression("zone", "In", "a")), False, id="another affinity"),
        pytest.param({"tolerations": [{"key": "gpu", "operator": "Exists"}]}, False, id="another toleration"),
    ],
)
def test_pods_alike_ask_the_same_and_others_do_not(spec: Any, same: bool) -> None:  # noqa: FBT001
    one, another = placed(a_node("node-b")), placed(a_node("node-b"), spec=spec)

    assert (one.pod.demands is another.pod.demands) is same

"""What `start` asks of an API server before it moves anything."""

import pytest

from testbed.builders import a_kubevirt
from tests.kube.scripted_server import a_list, scripted_server
from tests.kube.test_reflector import Nobody
from webhook.kube.api import Api
from webhook.kube.transport import Transport
from webhook.plugin.failure import Exit, Failure
from webhook.plugin.moving import start


def test_a_node_is_not_asked_for_where_kubevirt_would_move_the_vm_anywhere() -> None:
    kubevirt = {**a_kubevirt(), "status": {"observedKubeVirtVersion": "v1.5.2"}}
    with scripted_server(list=[a_list(kubevirt)]) as server, pytest.raises(Failure) as refusal:
        start(Api(Transport(Nobody(server.url))), "default", "web", "node-b", dry_run=False)

    assert str(refusal.value) == "KubeVirt v1.5.2 can't be asked for a node, as one can from 1.6 on: leave out --to"
    assert refusal.value.code == Exit.NOT_MIGRATABLE
    assert [request.verb for request in server.requests] == ["list"]

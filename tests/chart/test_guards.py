"""Values that can't work are refused before anything is installed, with what to do instead."""

import pytest

from testbed.chart import ChartError, Values, render

REFUSED: dict[str, tuple[Values, str]] = {
    "cert-manager that isn't there": (
        {"certificates": {"source": "cert-manager"}},
        (
            "certificates.source=cert-manager needs the API cert-manager.io/v1, which this cluster doesn't have. "
            "Install it first; when rendering without a cluster, add --api-versions cert-manager.io/v1."
        ),
    ),
    "an existing Secret without a name": (
        {"certificates": {"source": "existing-secret"}},
        "certificates.source=existing-secret needs certificates.existingSecret.name.",
    ),
    "an existing Secret that no one vouches for": (
        {"certificates": {"source": "existing-secret", "existingSecret": {"name": "mine"}}},
        (
            "certificates.source=existing-secret needs certificates.existingSecret.caBundle, or annotations by which "
            "somebody else puts it into the webhook configurations."
        ),
    ),
    "a ServiceMonitor without the Prometheus operator": (
        {"monitoring": {"serviceMonitor": {"enabled": True}}},
        (
            "monitoring.serviceMonitor.enabled=true needs the API monitoring.coreos.com/v1, which this cluster doesn't "
            "have. Install it first; when rendering without a cluster, add --api-versions monitoring.coreos.com/v1."
        ),
    ),
    "alerts without the Prometheus operator": (
        {"monitoring": {"prometheusRule": {"enabled": True}}},
        (
            "monitoring.prometheusRule.enabled=true needs the API monitoring.coreos.com/v1, which this cluster doesn't "
            "have. Install it first; when rendering without a cluster, add --api-versions monitoring.coreos.com/v1."
        ),
    ),
    "two monitors": (
        {"monitoring": {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}},
        "monitoring.serviceMonitor and monitoring.podMonitor would count everything twice: enable one.",
    ),
    "one port for two things": (
        {"ports": {"https": 9443, "http": 9443}},
        "ports.https and ports.http must differ.",
    ),
    "a user namespace on the node's network": (
        {"hostNetwork": True, "hostUsers": False},
        "hostNetwork=true needs hostUsers=true: a pod on the node's network can't have a user namespace of its own.",
    ),
    "a NetworkPolicy for the node's network": (
        {"hostNetwork": True, "networkPolicy": {"enabled": True}},
        "networkPolicy.enabled=true has no effect on pods with hostNetwork=true: disable one.",
    ),
    "a NetworkPolicy for API servers anywhere": (
        {"networkPolicy": {"enabled": True}},
        "networkPolicy.enabled=true needs networkPolicy.apiServerCIDRs: nobody else may send reviews.",
    ),
    "fewer replicas at most than at least": (
        {"autoscaling": {"enabled": True, "minReplicas": 4, "maxReplicas": 3}},
        "autoscaling.minReplicas is greater than autoscaling.maxReplicas.",
    ),
    "a quota for no priority": (
        {"priorityClassName": "", "priorityClassQuota": {"enabled": True}},
        "priorityClassQuota.enabled=true needs priorityClassName.",
    ),
}


@pytest.mark.parametrize(("values", "message"), REFUSED.values(), ids=REFUSED)
def test_values_that_cannot_work_are_refused(values: Values, message: str) -> None:
    with pytest.raises(ChartError) as refusal:
        render(values)

    assert str(refusal.value).partition("): ")[2].partition("\n")[0] == message


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"certificates": {"source": "cert-manager"}}, id="cert-manager"),
        pytest.param({"monitoring": {"podMonitor": {"enabled": True}}}, id="Prometheus operator"),
    ],
)
def test_an_api_that_is_named_counts_as_there(values: Values) -> None:
    assert render(values, apis=["cert-manager.io/v1", "monitoring.coreos.com/v1"])

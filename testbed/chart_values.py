"""Values with which the chart renders more than by default."""

from typing import Final

from testbed.chart import Values

APIS: Final = ("cert-manager.io/v1", "monitoring.coreos.com/v1")
"""APIs that some values need."""

BUILT_IN: Final[Values] = {
    "autoscaling": {"enabled": True},
    "priorityClassQuota": {"enabled": True},
    "flowSchema": {"enabled": True},
    "networkPolicy": {"enabled": True, "apiServerCIDRs": ["10.0.0.0/24"]},
    "postInstallCheck": {"enabled": True},
    "serviceAccount": {"projectedToken": True},
    "monitoring": {"dashboard": {"enabled": True}},
}
"""All that a cluster can have by itself."""

EVERYTHING: Final[Values] = {
    **BUILT_IN,
    "certificates": {"source": "cert-manager"},
    "monitoring": {
        "serviceMonitor": {"enabled": True},
        "prometheusRule": {"enabled": True},
        "dashboard": {"enabled": True},
    },
}
"""All that a cluster with the APIs can have."""

"""The pods: available, careful when they stop, and without rights on the node."""

import pytest

from testbed.chart import Object, Values, of_kind, render
from testbed.chart_values import BUILT_IN


def named(objects: list[Object], kind: str, suffix: str = "") -> Object:
    """Return the object of that kind and name."""
    [found] = (o for o in of_kind(objects, kind) if o["metadata"]["name"] == f"live-migration-webhook{suffix}")
    return found


def pods(objects: list[Object]) -> list[Object]:
    """Return the spec of every pod that an installation starts."""
    templates = [each["spec"]["template"] for each in of_kind(objects, "Deployment", "Job")]
    return [each["spec"] for each in [*templates, *of_kind(objects, "Pod")]]


def service_pod(values: Values | None = None) -> Object:
    spec: Object = named(render(values), "Deployment")["spec"]["template"]["spec"]
    return spec


def test_no_container_can_gain_rights_or_write_its_files() -> None:
    found = pods(render(BUILT_IN))
    containers = [each for pod in found for each in [*pod["containers"], *pod.get("initContainers", [])]]

    assert [pod["securityContext"] for pod in found] == len(found) * [
        {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    ]
    assert [each["securityContext"] for each in containers] == len(containers) * [
        {
            "runAsGroup": 65532,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    ]


def test_the_authority_is_never_mounted() -> None:
    volumes = [volume for pod in pods(render(BUILT_IN)) for volume in pod.get("volumes", [])]

    assert [volume["secret"]["secretName"] for volume in volumes if "secret" in volume] == [
        "live-migration-webhook-tls"
    ]


def test_a_rollout_never_takes_a_replica_away_before_the_next_is_ready() -> None:
    spec = named(render(), "Deployment")["spec"]

    assert spec["replicas"] == 2
    assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_on_the_nodes_network_a_rollout_frees_the_port_first() -> None:
    deployment = named(render({"hostNetwork": True}), "Deployment")

    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 1, "maxSurge": 0}
    assert deployment["spec"]["template"]["spec"]["dnsPolicy"] == "ClusterFirstWithHostNet"


@pytest.mark.parametrize(
    ("values", "grace"),
    [
        pytest.param({}, 28, id="3 s before the signal, 15 s of draining, 10 s for what is in flight"),
        pytest.param({"preStopSeconds": 0, "settings": {"drainSeconds": 0}}, 10, id="nothing but what is in flight"),
        pytest.param({"preStopSeconds": 20, "settings": {"drainSeconds": 40}}, 70, id="slow load balancers"),
    ],
)
def test_the_grace_period_holds_all_that_stopping_takes(values: Values, grace: int) -> None:
    assert service_pod(values)["terminationGracePeriodSeconds"] == grace


def test_the_pause_before_the_signal_can_be_left_out() -> None:
    def paused(seconds: int) -> object:
        return service_pod({"preStopSeconds": seconds})["containers"][0].get("lifecycle")

    assert paused(0) is None
    assert paused(7) == {"preStop": {"exec": {"command": ["sleep", "7"]}}}


def test_probes_ask_the_plain_port() -> None:
    container = service_pod()["containers"][0]

    assert {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")} == {
        "startup": {"path": "/livez", "port": "http"},
        "readiness": {"path": "/readyz", "port": "http"},
        "liveness": {"path": "/livez", "port": "http"},
    }


@pytest.mark.parametrize(
    ("values", "budgets"),
    [
        pytest.param({}, 1, id="two replicas"),
        pytest.param({"replicaCount": 1}, 0, id="one replica"),
        pytest.param({"podDisruptionBudget": {"enabled": False}}, 0, id="left out"),
        pytest.param({"replicaCount": 1, "autoscaling": {"enabled": True}}, 1, id="scaled"),
        pytest.param({"autoscaling": {"enabled": True, "minReplicas": 1}}, 0, id="scaled from one"),
    ],
)
def test_a_drain_takes_one_replica_at_a_time(values: Values, budgets: int) -> None:
    specs = [each["spec"] for each in of_kind(render(values), "PodDisruptionBudget")]

    assert [(s["maxUnavailable"], s["unhealthyPodEvictionPolicy"]) for s in specs] == budgets * [(1, "AlwaysAllow")]


def test_an_autoscaler_owns_the_number_of_replicas() -> None:
    assert "replicas" not in named(render({"autoscaling": {"enabled": True}}), "Deployment")["spec"]


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        pytest.param({}, ["kubernetes.io/hostname"], id="nodes"),
        pytest.param(
            {"spreadOverZones": True}, ["kubernetes.io/hostname", "topology.kubernetes.io/zone"], id="zones too"
        ),
    ],
)
def test_replicas_of_one_revision_prefer_different_places(values: Values, keys: list[str]) -> None:
    pod = service_pod(values)
    spread = pod["topologySpreadConstraints"]

    assert "affinity" not in pod
    assert [each["topologyKey"] for each in spread] == keys
    assert {(each["whenUnsatisfiable"], *each["matchLabelKeys"]) for each in spread} == {
        ("ScheduleAnyway", "pod-template-hash")
    }


def test_no_container_is_without_resources() -> None:
    """A ResourceQuota refuses those that are, and with them the installation that waits for its check."""
    found = pods(render(BUILT_IN))
    containers = [each for pod in found for each in [*pod["containers"], *pod.get("initContainers", [])]]

    assert {tuple(sorted(each["resources"])) for each in containers} == {("limits", "requests")}


def test_every_image_comes_from_the_registry_that_rancher_names() -> None:
    found = pods(render({**BUILT_IN, "global": {"cattle": {"systemDefaultRegistry": "registry.lab:5000"}}}))
    containers = [each for pod in found for each in [*pod["containers"], *pod.get("initContainers", [])]]

    assert {each["image"] for each in containers} == {"registry.lab:5000/live-migration-webhook:0.1.0"}


def test_selectors_match_their_own_pods_only() -> None:
    objects = render(BUILT_IN)
    labels = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for each in of_kind(objects, "Deployment")
    }
    selectors = {
        (each["kind"], each["metadata"]["name"]): each["spec"]["selector"].get("matchLabels", each["spec"]["selector"])
        for each in of_kind(objects, "Deployment", "Service", "PodDisruptionBudget")
    }

    matched = {
        which: [name for name, found in labels.items() if selector.items() <= found.items()]
        for which, selector in selectors.items()
    }

    assert matched == {which: [which[1]] for which in selectors}


def test_a_token_of_the_charts_own_replaces_the_automounted_one() -> None:
    found = pods(render({"serviceAccount": {"projectedToken": True}}))
    tokens = [v["projected"]["sources"][0] for pod in found for v in pod["volumes"] if v["name"] == "token"]

    assert {pod["automountServiceAccountToken"] for pod in found} == {False}
    assert tokens == len(found) * [{"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}}]


def test_pods_can_have_a_user_namespace_of_their_own() -> None:
    assert {pod.get("hostUsers") for pod in pods(render())} == {None}
    assert {pod.get("hostUsers") for pod in pods(render({"hostUsers": False}))} == {False}


def test_a_digest_wins_over_a_tag() -> None:
    digest = f"sha256:{'a' * 64}"
    image = {"repository": "example.com/lmw", "tag": "1.2.3"}

    assert service_pod({"image": image})["containers"][0]["image"] == "example.com/lmw:1.2.3"
    assert service_pod({"image": {**image, "digest": digest}})["containers"][0]["image"] == f"example.com/lmw@{digest}"


def test_the_network_policy_names_the_ports_that_the_pods_have() -> None:
    values = {
        "networkPolicy": {"enabled": True, "apiServerCIDRs": ["10.0.0.0/24"], "apiServerPorts": [6443]},
        "ports": {"https": 10250, "http": 10251},
    }
    spec = named(render(values), "NetworkPolicy")["spec"]

    assert [rule["ports"][0]["port"] for rule in spec["ingress"]] == [10250, 10251]
    assert spec["ingress"][0]["from"][0] == {"ipBlock": {"cidr": "10.0.0.0/24"}}
    assert [port["port"] for rule in spec["egress"] for port in rule["ports"]] == [53, 53, 6443]


def test_metrics_are_for_nobody_who_is_not_named() -> None:
    named_peers = [{"podSelector": {"matchLabels": {"app": "prometheus"}}}]
    policy = {"enabled": True, "apiServerCIDRs": ["10.0.0.0/24"]}
    specs = [
        named(render({"networkPolicy": {**policy, "metricsFrom": peers}}), "NetworkPolicy")["spec"]
        for peers in ([], named_peers)
    ]

    [nobody_else], [*others, check] = (spec["ingress"][1]["from"] for spec in specs)
    assert nobody_else == check
    assert check["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "check"
    assert others == named_peers


def test_the_certificate_is_for_every_name_that_is_called() -> None:
    values = {
        "certificates": {"source": "cert-manager", "dnsNames": ["lmw.example.com"]},
        "webhooks": {"url": "https://192.0.2.7:8443"},
    }
    [certificate] = (
        each
        for each in of_kind(render(values, namespace="lmw", apis=["cert-manager.io/v1"]), "Certificate")
        if not each["spec"].get("isCA")
    )

    assert certificate["spec"]["dnsNames"] == [
        "live-migration-webhook",
        "live-migration-webhook.lmw",
        "live-migration-webhook.lmw.svc",
        "live-migration-webhook.lmw.svc.cluster.local",
        "lmw.example.com",
    ]
    assert certificate["spec"]["ipAddresses"] == ["192.0.2.7"]

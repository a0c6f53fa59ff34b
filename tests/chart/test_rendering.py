"""The chart as a whole: the same values give the same bytes, on any machine and without a cluster."""

import re

import pytest

from testbed.chart import CHART, ChartError, Values, helm, of_kind, render, render_text
from testbed.chart_values import APIS, BUILT_IN, EVERYTHING
from tools.chart_lint import lint


@pytest.mark.parametrize("values", [pytest.param({}, id="defaults"), pytest.param(EVERYTHING, id="everything")])
def test_rendering_twice_gives_the_same_bytes(values: Values) -> None:
    assert render_text(values, apis=APIS) == render_text(values, apis=APIS)


def test_templates_make_nothing_up_and_look_at_the_cluster_for_one_number_alone() -> None:
    """The replicas that an autoscaler has chosen: rendered without a cluster, there are none."""
    forbidden = re.compile(r"\b(lookup|rand\w+|genCA\w*|genSelf\w+|genSigned\w+|genPrivateKey|uuidv4|now|date\w*)\b")
    actions = re.compile(r"\{\{-? (.*?)\}\}", re.DOTALL)
    used = {
        template.name: [word for action in actions.findall(template.read_text()) for word in forbidden.findall(action)]
        for template in (CHART / "templates").rglob("*.*")
    }

    assert {name: words for name, words in used.items() if words} == {"_names.tpl": ["lookup"]}


@pytest.mark.parametrize("values", [pytest.param({}, id="defaults"), pytest.param(BUILT_IN, id="all that is built in")])
def test_helm_finds_nothing_to_complain_about(values: Values) -> None:
    assert lint(values) == ""


def test_an_older_cluster_is_refused() -> None:
    with pytest.raises(ChartError) as refusal:
        helm("template", str(CHART), "--kube-version", "1.28.9")

    assert str(refusal.value).splitlines()[0] == (
        "Error: chart requires kubeVersion: >=1.29.0-0 which is incompatible with Kubernetes v1.28.9"
    )


def test_every_object_carries_the_labels_that_remove_it() -> None:
    objects = render(EVERYTHING, release="blue", apis=APIS)

    assert {each["metadata"]["labels"]["app.kubernetes.io/instance"] for each in objects} == {"blue"}


def test_everything_but_cluster_wide_objects_says_its_namespace() -> None:
    registrations = {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}
    cluster_wide = {"ClusterRole", "ClusterRoleBinding", "FlowSchema", *registrations}
    objects = render(EVERYTHING, namespace="lmw", apis=APIS)

    assert {each["kind"] for each in objects if each["metadata"].get("namespace") != "lmw"} == cluster_wide


@pytest.mark.parametrize(
    ("release", "name"),
    [
        pytest.param("live-migration-webhook", "live-migration-webhook", id="named like the chart"),
        pytest.param("blue", "blue-live-migration-webhook", id="named otherwise"),
        pytest.param("b" * 53, "b" * 50, id="as long as helm allows"),
    ],
)
def test_objects_are_named_after_the_release(release: str, name: str) -> None:
    objects = render(release=release)

    assert {each["metadata"]["name"] for each in of_kind(objects, "Deployment")} == {name, f"{name}-certs"}
    assert max(len(each["metadata"]["name"]) for each in objects) <= 63

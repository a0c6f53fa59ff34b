"""Scheduling fields from untrusted JSON."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.objects.fields import Fields
from webhook.objects.scheduling import Requirement, Taint, Toleration, read_scheduling


@pytest.mark.parametrize(
    ("operator", "values", "accepted", "refused"),
    [
        ("In", ["a", "b"], ["a", "b"], ["c", "", None]),
        ("NotIn", ["a", "b"], ["c", "", None], ["a", "b"]),
        ("Exists", [], ["a", ""], [None]),
        ("DoesNotExist", [], [None], ["a", ""]),
        ("Gt", ["7"], ["8", "+8", "100"], ["7", "6", "-8", "", "x", "8.0", "1_0", None]),
        ("Lt", ["7"], ["6", "-8"], ["7", "8", "", "x", None]),
        ("Gt", ["x"], [], ["8", "x"]),
        ("Gt", ["1", "2"], [], ["8"]),
    ],
)
def test_a_requirement_accepts(operator: str, values: list[str], accepted: list[Any], refused: list[Any]) -> None:
    requirement = Requirement(key="k", operator=operator, values=tuple(values))
    assert [value for value in (*accepted, *refused) if requirement.accepts(value)] == accepted


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"key": "k", "operator": "Equal", "value": "v", "effect": "NoSchedule"}, True),
        ({"key": "k", "value": "v"}, True),
        ({"key": "k", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "k"}, False),
        ({"key": "k", "value": "w"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({"operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "k", "operator": "Gt", "value": "v"}, False),
    ],
)
def test_a_toleration_tolerates(toleration: Any, tolerated: bool) -> None:  # noqa: FBT001
    assert Toleration(**toleration).tolerates(Taint(key="k", value="v", effect="NoSchedule")) is tolerated


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        (Requirement(key="k", values=("v",)), "k=v"),
        (Requirement(key="k", values=("v", "w")), "k in (v, w)"),
        (Requirement(key="k", operator="NotIn", values=("v",)), "k not in (v)"),
        (Requirement(key="k", operator="Exists"), "k"),
        (Requirement(key="k", operator="DoesNotExist"), "!k"),
        (Requirement(key="k", operator="Gt", values=("3",)), "k>3"),
        (Requirement(key="k", operator="Lt", values=("3",)), "k<3"),
    ],
)
def test_a_requirement_is_written_as_kubectl_does(requirement: Requirement, expected: str) -> None:
    assert str(requirement) == expected


def test_an_unknown_operator_is_noted_and_left_out() -> None:
    term = {"matchExpressions": [{"key": "a", "operator": "Near"}, {"key": "b", "operator": "Exists"}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    fields = Fields({"affinity": {"nodeAffinity": required}})
    assert read_scheduling(fields).affinity.node_terms == ((Requirement(key="b", operator="Exists"),),)
    [note] = fields.notes.all()
    assert note == (
        "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]"
        ".matchExpressions[0].operator is none of DoesNotExist, Exists, Gt, In, Lt, NotIn"
    )


json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "affinity",
                    "nodeAffinity",
                    "podAntiAffinity",
                    "requiredDuringSchedulingIgnoredDuringExecution",
                    "nodeSelectorTerms",
                    "matchExpressions",
                    "tolerations",
                    "topologySpreadConstraints",
                    "labelSelector",
                    "key",
                    "operator",
                    "values",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(json)
def test_no_scheduling_fields_are_beyond_reading(spec: Any) -> None:
    read_scheduling(Fields({"spec": spec}).object("spec"))

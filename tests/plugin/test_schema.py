"""The fields of KubeVirt's schema: as its own definition has them."""

import pytest

from tools.kubevirt_fields import FIELDS, written
from webhook.plugin.schema import unknown_field


def test_the_fields_are_those_of_kubevirts_definition() -> None:
    assert FIELDS.read_text() == written()


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        (("spec", "template", "spec", "domain", "cpu", "model"), "XYZ"),
        (("spec", "template", "spec", "nodeSelector", "example.com/any"), "x"),
        (("spec", "template", "spec", "domain", "devices", "disks", 0), {"name": "a", "cdrom": {"bus": "sata"}}),
        (("spec", "template", "metadata", "annotations", "a"), "b"),
        (("spec", "template", "spec", "volumes"), []),
        (("spec", "runStrategy"), "Always"),
    ],
)
def test_a_field_that_kubevirt_has_is_known(steps: tuple[str | int, ...], value: object) -> None:
    assert unknown_field(steps, value) == ""


@pytest.mark.parametrize(
    ("steps", "value", "problem"),
    [
        (("spec", "tmplate"), 1, "KubeVirt has no field spec.tmplate; is it spec.template?"),
        (("spec", "qqqq"), 1, "KubeVirt has no field spec.qqqq"),
        (("spec", "running", "x"), 1, "KubeVirt has no field spec.running.x"),
        (("spec", "template"), {"spec": {"volumes": [{"nme": 1}]}}, "spec.template.spec.volumes[0].name?"),
    ],
)
def test_a_field_that_kubevirt_lacks_is_told(steps: tuple[str | int, ...], value: object, problem: str) -> None:
    assert problem in unknown_field(steps, value)

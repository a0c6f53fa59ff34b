"""Documents and reports, against our schema and the published ones."""

from pathlib import Path
from typing import Any, Final

import orjson
import pytest
import xmlschema
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, validators

import webhook.report
from tests.report.clusters import a_machine, a_node, surveyed, the_example
from tools.examples import OUTPUTS
from webhook.foresight.survey import Survey
from webhook.report import forms

SCHEMAS: Final = Path(__file__).parent / "schemas"
OURS: Final = Draft202012Validator(orjson.loads((Path(webhook.report.__file__).parent / "schema.json").read_bytes()))
JUNIT: Final = xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")


def _sarif() -> Any:
    schema = orjson.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_bytes())
    return validators.validator_for(schema)(schema)


def _openreports() -> Any:
    crd = yaml.safe_load((SCHEMAS / "openreports.io_reports.yaml").read_text())
    return Draft202012Validator(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"])


SARIF: Final = _sarif()
OPENREPORTS: Final = _openreports()

HOSTILE: Final = surveyed(
    a_node("node-a"),
    a_node('"><script>alert(1)</script>'),
    *a_machine("</td><img src=x onerror=alert(1)>", stuck=True),
    *a_machine("]]>&amp;\x1b[31m\u202e|`*", stuck=True, namespace="<ns>"),
    *a_machine("plain"),
)
SURVEYS: Final = {"example": the_example(), "empty": surveyed(), "hostile names": HOSTILE}


@pytest.mark.parametrize("name", sorted(path.name for path in OUTPUTS.glob("*.json")))
def test_our_documents_keep_to_our_schema(name: str) -> None:
    OURS.validate(orjson.loads((OUTPUTS / name).read_bytes()))


@pytest.mark.parametrize("name", sorted(path.stem for path in OUTPUTS.glob("*.json")))
def test_yaml_says_the_same_as_json(name: str) -> None:
    said = yaml.safe_load((OUTPUTS / f"{name}.yaml").read_text())
    assert said == orjson.loads((OUTPUTS / f"{name}.json").read_bytes())


@pytest.mark.parametrize("survey", SURVEYS.values(), ids=SURVEYS)
def test_every_survey_keeps_to_the_schemas(survey: Survey) -> None:
    OURS.validate(orjson.loads(forms.written("report", "json", survey)))
    OURS.validate(orjson.loads(forms.written("check", "json", survey)))
    SARIF.validate(orjson.loads(forms.written("check", "sarif", survey)))
    JUNIT.validate(forms.written("check", "junit", survey).decode())
    for report in yaml.safe_load(forms.written("check", "openreports", survey))["items"]:
        OPENREPORTS.validate(report)


def test_sarif_of_manifests_names_file_and_line() -> None:
    log = orjson.loads((OUTPUTS / "check-file.sarif").read_bytes())
    SARIF.validate(log)
    places = [result["locations"][0]["physicalLocation"] for result in log["runs"][0]["results"]]
    lines = (OUTPUTS.parents[1] / "examples/cluster/office.yaml").read_text().splitlines()
    assert [lines[place["region"]["startLine"] - 1].strip() for place in places] == ["bridge: {}", "cdrom:"]


def test_sarif_has_a_rule_for_each_result() -> None:
    run = orjson.loads(forms.written("report", "sarif", the_example()))["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in run["tool"]["driver"]["rules"])


@settings(max_examples=50, deadline=None)
@given(name=st.text(max_size=20), namespace=st.text(max_size=20))
def test_no_name_makes_a_report_invalid(name: str, namespace: str) -> None:
    survey = surveyed(a_node("node-a"), *a_machine(name, namespace=namespace, stuck=True))
    JUNIT.validate(forms.written("check", "junit", survey).decode())
    for form in ("markdown", "openreports", "sarif", "json", "yaml"):
        forms.written("check", form, survey).decode()
    forms.written("report", "html", survey).decode()

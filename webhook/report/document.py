"""The form for programs, JSON or YAML: `apiVersion: live-migration-webhook/v1`, described by `schema.json` beside this.

Within a version fields are only added. Lists are ordered (virtual machines by namespace and name, nodes by name), so
that the same cluster gives the same bytes.
"""

from collections.abc import Iterable
from typing import Any, Final

from webhook.engine.timeouts import Timeouts
from webhook.engine.verdict import Violation
from webhook.foresight.cpu_models import CpuModels, cpu_models
from webhook.foresight.drain import Drain, conclusion, drains
from webhook.foresight.eviction import strategy
from webhook.foresight.survey import Finding, Survey

API_VERSION: Final = "live-migration-webhook/v1"

Json = dict[str, Any]


def check_document(survey: Survey) -> Json:
    """Return what `check` found."""
    return {**_head("Check", survey), "summary": _summary(survey), "items": _items(survey.findings, survey)}


def nodes_document(finding: Finding, survey: Survey) -> Json:
    """Return every node's verdict about one virtual machine, the eligible ones first."""
    return {
        **_head("Nodes", survey),
        "vm": vm_document(finding, survey),
        "items": [_node(name, reasons) for name, reasons in reasons_by_node(finding, survey)],
    }


def drain_document(drain: Drain, survey: Survey) -> Json:
    """Return the preview of one drain, and the virtual machines that it is about."""
    return {
        **_head("Drain", survey),
        "drain": _drain(drain),
        "items": _items(survey.by_node.get(drain.node, ()), survey),
    }


def cpu_models_document(models: CpuModels, survey: Survey) -> Json:
    """Return the comparison of the nodes' CPU models."""
    return {**_head("CpuModels", survey), "cpuModels": _cpu_models(models, survey)}


def report_document(survey: Survey) -> Json:
    """Return everything."""
    return {
        **_head("Report", survey),
        "summary": _summary(survey),
        "nodes": list(survey.names(survey.snapshot.nodes.all)),
        "items": _items(survey.findings, survey),
        "drains": [_drain(drain) for drain in drains(survey)],
        "cpuModels": _cpu_models(cpu_models(survey), survey),
    }


def vm_document(finding: Finding, survey: Survey) -> Json:
    """Return one virtual machine with all that was found."""
    vmi, assessment = finding.vmi, finding.assessment
    return {
        "kind": "VirtualMachine" if vmi.title.startswith("VM ") else "VirtualMachineInstance",
        "namespace": vmi.metadata.namespace,
        "name": vmi.metadata.name,
        "state": finding.state,
        "node": vmi.status.node or None,
        "migratable": finding.migratable,
        "moving": {"target": finding.move.target or None, "since": finding.move.since} if finding.move else None,
        "exemption": _exemption(finding, survey),
        "evictionStrategy": strategy(vmi, survey.snapshot.kubevirt),
        "restrictions": [
            *(_restriction(violation, "deny") for violation in finding.denied),
            *(_restriction(violation, "warn") for violation in finding.warned),
        ],
        "warnings": list(assessment.warnings),
        "targets": _targets(finding, survey),
        "cpu": {
            "model": assessment.cpu.name,
            "chosenBy": assessment.cpu.origin.value,
            "selectors": dict(assessment.selectors.labels),
        },
        "timeouts": _timeouts(finding.assessment.timeouts),
    }


def reasons_by_node(finding: Finding, survey: Survey) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """Return each node but the source with its reasons (predicate and clause), the eligible ones first."""
    if not finding.placement:
        return []
    eligible: list[tuple[str, tuple[tuple[str, str], ...]]] = [(name, ()) for name in survey.names(finding.eligible)]
    refused = [
        (name, tuple((refusal.predicate, refusal.reason) for refusal in reasons))
        for reasons, nodes in finding.refused
        for name in survey.names(nodes)
    ]
    return eligible + sorted(refused)


def _head(kind: str, survey: Survey) -> Json:
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "profile": survey.policy.profile.value,
        "incomplete": list(survey.incomplete),
    }


def _summary(survey: Survey) -> Json:
    total, stuck = len(survey.findings), len(survey.not_migratable)
    return {"total": total, "migratable": total - stuck, "notMigratable": stuck}


def _items(findings: Iterable[Finding], survey: Survey) -> list[Json]:
    return [vm_document(finding, survey) for finding in findings]


def _restriction(violation: Violation, enforcement: str) -> Json:
    return {
        "id": violation.restriction,
        "enforcement": enforcement,
        "field": violation.field,
        "ownerField": violation.owner_field or violation.field,
        "problem": violation.problem,
        "remedy": violation.remedy,
        "details": _details(violation),
        "commands": [{"purpose": command.purpose, "command": command.text} for command in violation.commands],
    }


def _exemption(finding: Finding, survey: Survey) -> Json | None:
    exemption = finding.exemption
    if exemption is None:
        return None
    return {
        "holds": exemption.holds(survey.policy.today),
        "by": exemption.by,
        "why": exemption.why,
        "until": exemption.until,
        "fault": exemption.fault,
    }


def _details(violation: Violation) -> str:
    commands = (f"{command.purpose}: `{command.text}`" for command in violation.commands)
    return " ".join(filter(None, (violation.details, *commands)))


def _targets(finding: Finding, survey: Survey) -> Json | None:
    if not finding.placement:
        return None
    return {
        "eligible": survey.names(finding.eligible),
        "refused": [
            {
                "nodes": survey.names(nodes),
                "reasons": [{"predicate": refusal.predicate, "reason": refusal.reason} for refusal in reasons],
            }
            for reasons, nodes in finding.refused
        ],
    }


def _timeouts(timeouts: Timeouts) -> Json:
    return {
        "completionSeconds": timeouts.completion,
        "completionByKubeVirtSeconds": timeouts.completion_by_kubevirt,
        "progressSeconds": timeouts.progress,
        "secondsPerGiB": timeouts.per_gib,
        "dataBytes": timeouts.data,
        "source": timeouts.source,
        "warning": timeouts.warning,
    }


def _node(name: str, reasons: Iterable[tuple[str, str]]) -> Json:
    told = [{"predicate": predicate, "reason": reason} for predicate, reason in reasons]
    return {"name": name, "eligible": not told, "reasons": told}


def _drain(drain: Drain) -> Json:
    return {
        "node": drain.node,
        "blocked": drain.blocked,
        "conclusion": conclusion(drain),
        "evictions": [
            {
                "namespace": eviction.finding.vmi.metadata.namespace,
                "name": eviction.finding.vmi.metadata.name,
                "outcome": eviction.outcome.value,
                "target": eviction.target or None,
                "why": eviction.why,
            }
            for eviction in drain.evictions
        ],
    }


def _cpu_models(models: CpuModels, survey: Survey) -> Json:
    return {
        "best": models.best or None,
        "clusterCommand": models.cluster_command or None,
        "models": [
            {
                "name": row.name,
                "supported": survey.names(row.supported),
                "migration": survey.names(row.migration),
                "primary": survey.names(row.primary),
            }
            for row in models.models
        ],
        "switches": [
            {
                "namespace": switch.finding.vmi.metadata.namespace,
                "name": switch.finding.vmi.metadata.name,
                "nodesNow": switch.now.bit_count(),
                "nodesThen": switch.then.bit_count(),
                "command": switch.command or None,
            }
            for switch in models.switches
        ],
    }

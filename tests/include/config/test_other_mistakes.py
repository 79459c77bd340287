"""Mistakes in the other sections, in overrides and in the YAML itself."""

import pytest

from tests.include.config.mistakes import check_mistake
from tests.include.conftest import WriteYaml

SOURCE = "source: {layout: class_folders}\n"

MISTAKES = {
    "an unknown section": (
        SOURCE + "trainig: {}",
        ["trainig: no such field; allowed here: name, description, owner, source"],
    ),
    "a missing section": ("description: x", ["source: is required"]),
    "a bad cron": (
        SOURCE + "schedules: {refresh: every day}",
        ["schedules.refresh: 'every day' is not allowed", "cron expression such as '0 2 * * *'"],
    ),
    "a bad timezone": (
        SOURCE + "schedules: {timezone: Middle/Earth}",
        ["schedules.timezone: 'Middle/Earth' is not allowed", "such as UTC"],
    ),
    "canary with one instance": (
        SOURCE + "endpoint: {traffic: {shift: canary, step_percent: 10}}",
        ["endpoint: traffic.shift: canary needs instance_count of at least 2"],
    ),
    "linear without step_percent": (
        SOURCE + "endpoint: {instance_count: 2, traffic: {shift: linear}}",
        ["endpoint.traffic: shift: linear needs step_percent"],
    ),
    "steps below the minimum": (
        SOURCE + "endpoint: {instance_count: 2, traffic: {shift: linear, step_percent: 5}}",
        ["endpoint.traffic: step_percent: 5: a step of shift: linear is at least 10"],
    ),
    "step_percent without steps": (
        SOURCE + "endpoint: {traffic: {step_percent: 10}}",
        ["endpoint.traffic: step_percent is only for shift: canary or linear"],
    ),
    "too large a payload": (
        SOURCE + "batch: {transform: {concurrency: 10, max_payload_mb: 20}}",
        ["batch.transform: concurrency times max_payload_mb may be at most 100, not 200"],
    ),
    "averages of the built-in algorithm": (
        SOURCE
        + "batch: {flip_average: true}\n"
        + "training: {algorithm: built-in, instance: {instance_type: ml.g5.xlarge}}",
        ["batch.flip_average: true: the built-in algorithm's server cannot average"],
    ),
    "a name in the file": (SOURCE + "name: x", ["name: leave it out"]),
    "a list": ("- source", ["must hold a mapping: description, owner, source"]),
    "invalid YAML": ("source: {", ["is not YAML"]),
    "a schedule for one deployment": (
        SOURCE + "local: {schedules: {refresh: null}}",
        ["local.schedules: cannot be overridden"],
    ),
    "an unknown field of the model card": (
        SOURCE + "model_card: {uses: [x]}",
        ["model_card.uses: no such field; allowed here: intended_uses, unsuitable_uses, limits"],
    ),
    "a text in place of a list in the model card": (
        SOURCE + "model_card: {limits: dark photos}",
        ["model_card.limits: 'dark photos' is not allowed", "list"],
    ),
    "an empty text in the model card": (
        SOURCE + 'model_card: {limits: ["good", " "]}',
        ["model_card.limits.1: ' ' is not allowed", "at least 1 character"],
    ),
    "a text of the model card that is too long": (
        SOURCE + f"model_card: {{limits: [{'x' * 501}]}}",
        ["model_card.limits.0:", "at most 500 characters"],
    ),
    "a list of the model card that is too long": (
        SOURCE + f"model_card: {{limits: [{', '.join(['x' * 400] * 5)}]}}",
        ["model_card.limits:", "1800 characters in all, and these texts have 2000"],
    ),
    "a control character in the model card": (
        SOURCE + 'model_card: {limits: ["a\\x07b"]}',
        ["model_card.limits.0:", "without control characters"],
    ),
    "a risk that is not rated": (
        SOURCE + "model_card: {risk_rating: none}",
        ["model_card.risk_rating: 'none' is not allowed", "'unknown', 'low', 'medium' or 'high'"],
    ),
    "approvers without approval: ask": (
        SOURCE + "promotion: {approval: manual, approvers: [ada]}",
        ["promotion: approvers is only for approval: ask, and it is manual"],
    ),
    "an approver twice": (
        SOURCE + "promotion: {approval: ask, approvers: [ada, {id: ada, name: Ada}]}",
        ["promotion: approvers: ada: name each user once"],
    ),
    "an approver without an id": (
        SOURCE + "promotion: {approval: ask, approvers: [{name: Ada}]}",
        ["promotion.approvers.0.id"],
    ),
    "an owner for one deployment": (
        SOURCE + "local: {owner: ann}",
        ["local.owner: cannot be overridden"],
    ),
    "a mistake in a deployment's overrides": (
        SOURCE + "deployments: {staging: {endpoint: {instances: 2}}}",
        ["(with deployments.staging): endpoint.instances: no such field"],
    ),
    "a boolean for a number with a fraction": (
        SOURCE + "promotion: {margin: yes}",
        ["promotion.margin: True is not allowed", "valid number"],
    ),
    "a number in quotes": (
        SOURCE + "endpoint: {instance_count: '2'}",
        ["endpoint.instance_count: '2' is not allowed", "valid integer"],
    ),
    "an infinite budget": (
        SOURCE + "budget: {per_run_usd: .inf}",
        ["budget.per_run_usd: inf is not allowed", "finite number"],
    ),
    "a proportion that is nan": (
        SOURCE + "promotion: {significance: .nan}",
        ["promotion.significance: nan is not allowed", "finite number"],
    ),
    "a duration above the limit": (
        SOURCE + "batch: {transform: {max_runtime_minutes: 99999999999}}",
        ["batch.transform.max_runtime_minutes: 99999999999 is not allowed"],
    ),
    "an alarm without a name": (
        SOURCE + "endpoint: {rollback_alarms: [' ']}",
        ["endpoint.rollback_alarms.0: ' ' is not allowed", "at least 1 character"],
    ),
    "a text that YAML reads as a boolean": (
        SOURCE + "description: no",
        ["description: False is not allowed", "true or false (also yes, no, on, off)", "in quotes"],
    ),
    "a name that YAML reads as a date": (
        SOURCE + "owner: 2012-01-01",
        ["owner: datetime.date(2012, 1, 1) is not allowed", "YAML reads this as a date"],
    ),
    "an invalid deployment name": (
        SOURCE + "deployments: {no: {}}",
        ["deployments: False cannot be a deployment's name", "in quotes"],
    ),
    "overrides that are no mapping": (SOURCE + "local: false", ["local: must hold a mapping"]),
    "six fields of cron": (
        SOURCE + "schedules: {refresh: '0 0 2 * * *'}",
        ["schedules.refresh: '0 0 2 * * *' is not allowed", "five fields"],
    ),
    "a date that never occurs": (
        SOURCE + "schedules: {refresh: '0 0 30 2 *'}",
        ["schedules.refresh: '0 0 30 2 *' is not allowed: no date in the next 50 years fits it"],
    ),
    "a random time": (
        SOURCE + "schedules: {refresh: 'R 2 * * *'}",
        ["schedules.refresh: 'R 2 * * *' is not allowed", "cron expression such as"],
    ),
    "local in the wrong place": (
        SOURCE + "deployments: {local: {}}",
        ["deployments.local: belongs in the section `local:`"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_file_field_and_what_is_allowed(
    mistake: str, write_yaml: WriteYaml
) -> None:
    check_mistake(*MISTAKES[mistake], write_yaml)

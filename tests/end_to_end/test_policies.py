"""Tests that the DAGs need exactly the permissions in docs/iam.

The local AWS does not enforce permissions. All calls of Airflow are checked after the run, and the
permissions that SageMaker needs are derived from the requests of jobs and endpoint.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from include.local_run.stack.aws import BUCKET
from tests.end_to_end.chain_run import CALLS, ChainRun
from tests.iam.evaluator import Policy, Right
from tests.iam.judging import filled, missing, unused
from tests.iam.needed import Call, needed
from tests.iam.on_behalf import RolePermissions
from tests.iam.recorder import recorded_calls
from tests.iam.responses import LAYOUT, PIPELINE, SETTINGS
from tests.iam.task_calls import TASK_CALLS
from tests.iam.test_airflow import ROLES

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1200)]

POLICIES: dict[str, Policy] = filled(BUCKET, PIPELINE.name, **ROLES)


@pytest.fixture(scope="module")
def calls(first_run: ChainRun) -> list[Call]:
    assert first_run.status == 0, first_run.output[-3000:]
    return recorded_calls(first_run.folder / CALLS)


def test_airflows_policy_allows_all_calls_of_the_run(calls: list[Call]) -> None:
    made = {call.operation for call in calls}
    assert {"CreateTrainingJob", "CreateEndpoint", "InvokeEndpoint", "GetLogEvents"} <= made
    assert missing(POLICIES["airflow"], _rights(calls)) == []


def test_airflows_policy_has_no_unused_permissions(calls: list[Call]) -> None:
    other_calls = [call for make_calls in TASK_CALLS for call in make_calls()]
    assert unused(POLICIES["airflow"], _rights([*calls, *other_calls])) == []


def test_the_roles_policies_allow_the_data_of_all_jobs_and_of_the_endpoint(
    calls: list[Call],
) -> None:
    manifests = {
        f"s3://{call.params['Bucket']}/{call.params['Key']}": json.loads(call.params["Body"])
        for call in calls
        if call.operation == "PutObject" and "Body" in call.params
    }

    def prefix_of(uri: str) -> str:
        """Return the prefix in a manifest that Airflow wrote, or a job."""
        if found := manifests.get(uri):
            return str(found[0]["prefix"])
        return LAYOUT.uri(LAYOUT.incoming if "/batches/" in uri else LAYOUT.images)

    rights = RolePermissions(calls, prefix_of).rights()
    roles = {"jobs": "sagemaker_role_arn", "endpoint": "sagemaker_endpoint_role_arn"}
    assert set(rights) == {SETTINGS[variable] for variable in roles.values()}
    for name, variable in roles.items():
        assert missing(POLICIES[name], rights[SETTINGS[variable]]) == [], name


def _rights(calls: list[Call]) -> Iterator[Right]:
    for call in calls:
        yield from needed(call)

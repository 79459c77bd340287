"""What serves and what may have to come back stays; of the rest only what is ours goes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.pipeline import Deployment, find_pipeline
from include.policies.pruning import PruningIncomplete, configs_to_keep, prune
from include.policies.release import Release
from tests.include.policies.conftest import THEN

NOW = datetime(2026, 2, 1, tzinfo=UTC)
ARN = "arn:aws:sagemaker:us-east-1:123456789012"
DEPLOYMENT = Deployment("prod", "some-bucket", "arn:aws:iam::123456789012:role/r", "i", "us-east-1")
RELEASES = [Release(v, f"2026-01-0{v}T00:00:00+00:00", f"config-{v}", "m") for v in (4, 3, 2, 1)]
OURS = {"pipeline": "stanford_cars", "deployment": "prod", "owner": "me"}
COPY = {**OURS, "deployment": "staging"}


@pytest.mark.parametrize(
    ("approved", "serving", "keep", "expected"),
    [
        ((4, 3, 2, 1), "config-4", 2, {"config-4", "config-3"}),
        ((4, 3, 2, 1), "config-4", 3, {"config-4", "config-3", "config-2"}),
        ((4, 3, 2, 1), "by-hand", 2, {"by-hand", "config-4"}),
        ((4, 2, 1), "config-4", 2, {"config-4", "config-2"}),
        ((), "config-4", 2, {"config-4"}),
    ],
)
def test_the_one_in_use_and_the_last_approved_releases_stay(
    approved: tuple[int, ...], serving: str, keep: int, expected: set[str]
) -> None:
    assert configs_to_keep(RELEASES, approved, serving, keep) == expected


def test_after_a_rollback_the_last_good_release_stays_and_not_what_was_rejected() -> None:
    """Else the next rollback has nowhere to go."""
    three, two, one = RELEASES[1:]
    assert configs_to_keep([two, three, one], (2, 1), "config-2", 2) == {"config-2", "config-1"}


class Account:
    """Answers of a SageMaker stub about configurations and models, each with its tags."""

    def __init__(self, stub: Any) -> None:
        self.stub = stub

    def lists(self, kind: str, **things: dict[str, str]) -> None:
        operation = {"EndpointConfig": "list_endpoint_configs", "Model": "list_models"}[kind]
        entries = [
            {f"{kind}Name": name, f"{kind}Arn": f"{ARN}:{kind}/{name}", "CreationTime": THEN}
            for name in things
        ]
        expected = {"NameContains": "stanford-cars", "CreationTimeBefore": NOW - timedelta(days=1)}
        self.stub.answer(operation, {f"{kind}s": entries}, **expected)
        for name, tags in things.items():
            listed = [{"Key": key, "Value": value} for key, value in tags.items()]
            self.stub.answer("list_tags", {"Tags": listed}, ResourceArn=f"{ARN}:{kind}/{name}")

    def holds(self, config: str, model: str) -> None:
        self.stub.answer(
            "describe_endpoint_config",
            {
                "EndpointConfigName": config,
                "EndpointConfigArn": f"{ARN}:endpoint-config/{config}",
                "ProductionVariants": [{"VariantName": "AllTraffic", "ModelName": model}],
                "CreationTime": THEN,
            },
            EndpointConfigName=config,
        )


def test_old_things_of_this_deployment_go_and_others_stay(sagemaker: Any) -> None:
    account = Account(sagemaker)
    account.holds("c2", "m2")
    account.lists("EndpointConfig", c1=OURS, c2=OURS, copy=COPY, foreign={})
    sagemaker.answer("delete_endpoint_config", {}, EndpointConfigName="c1")
    account.lists("Model", m1=OURS, m2=OURS, candidate=OURS, copy=COPY)
    sagemaker.answer("delete_model", {}, ModelName="m1")
    sagemaker.answer("delete_model", {}, ModelName="candidate")
    cars = find_pipeline("stanford_cars")
    deleted = prune(sagemaker.client, cars, DEPLOYMENT, ["c2"], NOW)
    assert deleted == {"endpoint_configs": ["c1"], "models": ["m1", "candidate"]}


def test_one_refusal_keeps_nothing_else_and_the_message_names_both(sagemaker: Any) -> None:
    account = Account(sagemaker)
    account.holds("c2", "m2")
    account.lists("EndpointConfig", c0=OURS, c1=OURS, c2=OURS)
    sagemaker.refuse("delete_endpoint_config", "ThrottlingException", "slow down")
    sagemaker.answer("delete_endpoint_config", {}, EndpointConfigName="c1")
    account.holds("c0", "m0")
    account.lists("Model", m0=OURS, m1=OURS, m2=OURS)
    sagemaker.answer("delete_model", {}, ModelName="m1")
    cars = find_pipeline("stanford_cars")
    with pytest.raises(PruningIncomplete, match=r"not deleted: c0: .*slow down.*'c1'.*'m1'"):
        prune(sagemaker.client, cars, DEPLOYMENT, ["c2"], NOW)


def test_a_release_whose_configuration_is_gone_keeps_nothing(sagemaker: Any) -> None:
    sagemaker.refuse("describe_endpoint_config", "ValidationException", "Could not find it")
    account = Account(sagemaker)
    account.lists("EndpointConfig")
    account.lists("Model")
    cars = find_pipeline("stanford_cars")
    assert prune(sagemaker.client, cars, DEPLOYMENT, ["gone"], NOW) == {
        "endpoint_configs": [],
        "models": [],
    }

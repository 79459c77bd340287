"""Tests of the deletion of old endpoint configurations and models."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.config import Deployment, find_pipeline
from include.decisions.endpoint.pruning import PruningIncompleteError, configs_to_keep, prune
from include.decisions.endpoint.release import Release
from include.sagemaker_requests import packaged_model_request
from tests.include.conftest import THEN

NOW = datetime(2026, 2, 1, tzinfo=UTC)
ARN = "arn:aws:sagemaker:us-east-1:123456789012"
DEPLOYMENT = Deployment("prod", "some-bucket", "arn:aws:iam::123456789012:role/r", "i", "us-east-1")
CARS = find_pipeline("stanford_cars")
PACKAGE = f"{ARN}:model-package/stanford-cars/2"
RELEASES = [Release(v, f"2026-01-0{v}T00:00:00+00:00", f"config-{v}", "m") for v in (4, 3, 2, 1)]
TAGS = {"pipeline": "stanford_cars", "deployment": "prod", "owner": "me"}
OTHER_TAGS = {**TAGS, "deployment": "staging"}


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
def test_the_configuration_in_use_and_the_last_approved_releases_are_kept(
    approved: tuple[int, ...], serving: str, keep: int, expected: set[str]
) -> None:
    assert configs_to_keep(RELEASES, approved, serving, keep) == expected


def test_after_a_rollback_the_last_approved_release_is_kept() -> None:
    """Otherwise the next rollback would not be possible."""
    three, two, one = RELEASES[1:]
    assert configs_to_keep([two, three, one], (2, 1), "config-2", 2) == {"config-2", "config-1"}


class Account:
    """Prepares a SageMaker stub's answers about configurations and models with their tags."""

    def __init__(self, stub: Any) -> None:
        self.stub = stub

    def lists(self, kind: str, resources: Mapping[str, dict[str, str] | None]) -> None:
        """List resources with their tags; None for tags that must not be requested."""
        operation = {"EndpointConfig": "list_endpoint_configs", "Model": "list_models"}[kind]
        entries = [
            {f"{kind}Name": name, f"{kind}Arn": f"{ARN}:{kind}/{name}", "CreationTime": THEN}
            for name in resources
        ]
        expected = {"NameContains": "stanford-cars", "CreationTimeBefore": NOW - timedelta(days=1)}
        self.stub.answer(operation, {f"{kind}s": entries}, **expected)
        for name, tags in resources.items():
            if tags is None:
                continue
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

    def runs(self, model: str, package: str | None) -> None:
        container = {"ModelPackageName": package} if package else {"Image": "image:1"}
        self.stub.answer(
            "describe_model",
            {
                "ModelName": model,
                "PrimaryContainer": container,
                "ModelArn": f"{ARN}:model/{model}",
                "CreationTime": THEN,
            },
            ModelName=model,
        )


def test_old_resources_of_this_deployment_are_deleted(sagemaker: Any) -> None:
    """The model by which a batch runs the serving package, with the jobs' role, is kept."""
    account = Account(sagemaker)
    account.holds("stanford-cars-c2", "stanford-cars-m2")
    account.runs("stanford-cars-m2", PACKAGE)
    account.lists(
        "EndpointConfig",
        {"stanford-cars-c1": TAGS, "stanford-cars-c2": TAGS, "stanford-cars-copy": OTHER_TAGS},
    )
    sagemaker.answer("delete_endpoint_config", {}, EndpointConfigName="stanford-cars-c1")
    batch = packaged_model_request(CARS, DEPLOYMENT, PACKAGE, DEPLOYMENT.role_arn)
    names = ("m1", "m2", "train-candidate")
    models = {f"stanford-cars-{name}": TAGS for name in names}
    account.lists(
        "Model", {**models, batch["config"]["ModelName"]: TAGS, "stanford-cars-copy": OTHER_TAGS}
    )
    deleted_models = ["stanford-cars-m1", "stanford-cars-train-candidate"]
    for name in deleted_models:
        sagemaker.answer("delete_model", {}, ModelName=name)
    deleted = prune(sagemaker.client, CARS, DEPLOYMENT, ["stanford-cars-c2"], NOW)
    assert deleted == {"endpoint_configs": ["stanford-cars-c1"], "models": deleted_models}


def test_the_tags_of_other_pipelines_resources_are_not_requested(sagemaker: Any) -> None:
    """Airflow may lack the permission, and the request would fail the task."""
    account = Account(sagemaker)
    account.holds("stanford-cars-c2", "stanford-cars-m2")
    account.runs("stanford-cars-m2", None)
    for kind in ("EndpointConfig", "Model"):
        account.lists(kind, {"old-stanford-cars-1": None, "stanford-carsharing": None})
    deleted = prune(sagemaker.client, CARS, DEPLOYMENT, ["stanford-cars-c2"], NOW)
    assert deleted == {"endpoint_configs": [], "models": []}


def test_after_an_error_the_other_resources_are_deleted_and_the_message_names_all(
    sagemaker: Any,
) -> None:
    c0, c1, c2 = (f"stanford-cars-c{number}" for number in range(3))
    m0, m1, m2 = (f"stanford-cars-m{number}" for number in range(3))
    account = Account(sagemaker)
    account.holds(c2, m2)
    account.runs(m2, None)
    account.lists("EndpointConfig", {c0: TAGS, c1: TAGS, c2: TAGS})
    sagemaker.refuse("delete_endpoint_config", "ThrottlingException", "slow down")
    sagemaker.answer("delete_endpoint_config", {}, EndpointConfigName=c1)
    account.holds(c0, m0)
    account.lists("Model", {m0: TAGS, m1: TAGS, m2: TAGS})
    sagemaker.answer("delete_model", {}, ModelName=m1)
    with pytest.raises(
        PruningIncompleteError, match=rf"not deleted: {c0}: .*slow down.*'{c1}'.*'{m1}'"
    ):
        prune(sagemaker.client, CARS, DEPLOYMENT, [c2], NOW)


def test_a_release_without_its_configuration_is_ignored(sagemaker: Any) -> None:
    sagemaker.refuse("describe_endpoint_config", "ValidationException", "Could not find it")
    account = Account(sagemaker)
    account.lists("EndpointConfig", {})
    account.lists("Model", {})
    assert prune(sagemaker.client, CARS, DEPLOYMENT, ["gone"], NOW) == {
        "endpoint_configs": [],
        "models": [],
    }

"""The reason for a training says how it differs from the newest one on the same data."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from include.config import Deployment, Pipeline
from include.config.versions import training_fingerprint
from include.decisions.registry.packages import Package
from include.decisions.training.earlier_trainings import describe_difference, settings_text
from include.decisions.training.image_digest import PinnedImage
from include.decisions.training.plan import decide_training, plan_training
from include.sagemaker_requests.package import metadata
from tests.include.conftest import ARN

HYPERPARAMETERS = {"epochs": "30", "learning_rate": "0.1", "lr_scheduler_step": "15,25"}
IMAGE = PinnedImage("image@sha256:1")
REBUILT = PinnedImage("image@sha256:2")
SINCE = "since the training of package 7"


def fingerprint(hyperparameters: Mapping[str, str], identity: str, instances: int = 1) -> str:
    return training_fingerprint("r1", hyperparameters, identity, instances=instances)


def difference(
    planned: Mapping[str, str],
    image: PinnedImage = IMAGE,
    facts: Mapping[str, str] = MappingProxyType({}),
) -> str | None:
    """Compare a training with package 7, which was trained with HYPERPARAMETERS and IMAGE."""
    lineage = {
        "fingerprint": fingerprint(HYPERPARAMETERS, IMAGE.identity),
        "hyperparameters": settings_text(HYPERPARAMETERS),
        "image": IMAGE.uri,
    }
    package = Package(f"{ARN}/7", "Approved", IMAGE.uri, "s3://b/m", metadata({**lineage, **facts}))
    return describe_difference(
        package, planned, image, lambda identity: fingerprint(planned, identity)
    )


def test_only_the_image_differs() -> None:
    assert difference(HYPERPARAMETERS, REBUILT) == f"only the container image differs {SINCE}"


def test_the_image_and_the_number_of_instances_differ() -> None:
    """The package does not have the number of instances, but its fingerprint depends on it."""
    other = fingerprint(HYPERPARAMETERS, IMAGE.identity, instances=2)
    text = difference(HYPERPARAMETERS, REBUILT, {"fingerprint": other})
    assert text == f"another container image {SINCE}"


def test_settings_are_changed_added_and_removed() -> None:
    changed = {"learning_rate": "0.05", "lr_scheduler_step": "15,25", "top_k": "2"}
    assert difference(changed) == (
        f"epochs 30 -> unset, learning_rate 0.1 -> 0.05, top_k unset -> 2 {SINCE}"
    )


def test_settings_and_image_differ() -> None:
    changed = HYPERPARAMETERS | {"lr_scheduler_step": "10,20"}
    assert difference(changed, REBUILT) == (
        f"another container image, lr_scheduler_step 15 25 -> 10 20 {SINCE}"
    )


@pytest.mark.parametrize("facts", [{}, {"hyperparameters": "", "image": ""}])
def test_without_a_known_difference_there_is_no_text(facts: dict[str, str]) -> None:
    """The second package is one without these facts."""
    assert difference(HYPERPARAMETERS, facts=facts) is None


@pytest.mark.parametrize("length", range(150, 200))
def test_settings_that_the_package_cut_are_not_reported_as_changed(length: int) -> None:
    """The lengths move the cut through names, values and spaces."""
    long = {"pretrained_model_uri": "x" * length, **HYPERPARAMETERS, "seed": "1", "top_k": "2"}
    facts = {"hyperparameters": settings_text(long | {"momentum": "0.95" + "0" * 60})}
    assert len(metadata(facts)["hyperparameters"]) < len(facts["hyperparameters"])
    assert difference(long, facts=facts) is None
    assert difference(long | {"epochs": "31"}, facts=facts) == f"epochs 30 -> 31 {SINCE}"


def test_a_value_with_other_characters_is_not_reported_as_changed() -> None:
    same = HYPERPARAMETERS | {"pretrained_model_uri": "https://host/weights?version=1&x=2"}
    assert difference(same, facts={"hyperparameters": settings_text(same)}) is None


def test_the_reason_compares_with_the_newest_training_on_the_same_recordio_version(
    s3: Any, sagemaker: Any, registry: Any, cars: Pipeline, deployment: Deployment
) -> None:
    record = {
        "version": "r1",
        "dataset_version": "d1",
        "counts": {"train": 100, "validation": 20, "classes": 5},
    }

    def plan(image: PinnedImage) -> Any:
        key = "stanford_cars/recordio/current.json"
        s3.answer("get_object", s3.json(record), Bucket="some-bucket", Key=key)
        clients = (s3.client, sagemaker.client)
        return plan_training(*clients, cars, deployment, image, {}, lambda: None)

    registry.lists()
    earlier = metadata(plan(IMAGE).lineage())
    registry.lists(8, 7, 6)
    registry.describes(8, **earlier | {"recordio_version": "r2"})
    registry.describes(7, **earlier)
    registry.describes(6, **earlier | {"image": "older"})
    reason = decide_training(plan(REBUILT), force=False).reason
    assert reason.startswith(
        "RecordIO r1 was not trained on with these settings and this code yet: only the container "
        f"image differs {SINCE}; starting from "
    )

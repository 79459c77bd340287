"""Tests of the plan of a batch."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from include.config import Deployment, find_pipeline
from include.contracts.records import Selection, SelectionCounts
from include.decisions.batch.plan import (
    BatchState,
    batch_requests,
    choose_screening,
    decide_batch,
    decide_select,
    find_evaluated_job,
    plan_batch,
    read_selection,
    selection_request,
)
from include.decisions.registry.packages import Package, RegistryError
from include.storage.layout import Layout
from include.storage.records import RecordError
from tests.include.decisions.memory_s3 import MemoryS3

PACKAGE = Package("arn:x/2", "Approved", "image:1", "s3://b/m", {"dataset_version": "d1"})
RECORD = "s3://b/batches/b1/batch.json"
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_without_a_model_the_run_is_skipped(
    s3: Any, sagemaker: Any, registry: Any, layout: Layout
) -> None:
    registry.serves_nothing()
    registry.lists(ModelApprovalStatus="Approved")
    cars = find_pipeline("stanford_cars")
    state = plan_batch(s3.client, sagemaker.client, layout, cars, everything=False)
    decision = decide_select(state)
    assert not decision.go
    assert "run nightly training, or approve a model" in decision.reason


def test_the_serving_package_predicts_even_if_a_newer_one_is_approved(
    s3: Any, sagemaker: Any, registry: Any, layout: Layout
) -> None:
    """The stub has no answer about approved packages."""
    registry.serves(2)
    registry.describes(2, dataset_version="d1")
    cars = find_pipeline("stanford_cars")
    state = plan_batch(s3.client, sagemaker.client, layout, cars, everything=True)
    assert state.package is not None
    assert state.package.version == "2"
    assert decide_select(state).go


def test_a_night_without_new_images_is_skipped() -> None:
    decision = decide_select(BatchState(PACKAGE, unchanged=True))
    assert (decision.go, decision.reason) == (False, "no new images in incoming/")


@pytest.mark.parametrize(("image", "screening"), [("same", "names"), ("built-in", "decode")])
def test_photos_are_decoded_unless_the_image_answers_unreadable_ones(
    deployment: Deployment, image: str, screening: str
) -> None:
    uri = deployment.image_uri if image == "same" else "another-image:1"
    package = replace(PACKAGE, image_uri=uri)
    assert choose_screening(deployment, package) == screening


def test_the_select_job_reads_s3_itself(deployment: Deployment) -> None:
    """As an input, SageMaker would copy all of incoming/ to the instance."""
    cars = find_pipeline("stanford_cars")
    request = selection_request(cars, deployment, PACKAGE, WHEN, everything=True)["config"]
    assert request["ProcessingInputs"] == []
    assert "NetworkConfig" not in request
    arguments = request["AppSpecification"]["ContainerArguments"]
    flags = dict(zip(arguments[1::2], arguments[2::2], strict=True))
    assert (arguments[0], flags["--run-time"], flags["--images"]) == (
        "select", "20260102T030405", "all",
    )  # fmt: skip


def _selection(**counts: int) -> Selection:
    return Selection(batch="b1", counts=SelectionCounts(**counts), examples={"a.jpg": "is empty"})


def test_the_reason_has_the_numbers_of_images() -> None:
    assert "no new images" in decide_batch(Selection(), RECORD).reason
    changed = Selection(counts=SelectionCounts(changed=2, remaining=2))
    assert "2 changed while they were read" in decide_batch(changed, RECORD).reason
    unreadable = decide_batch(_selection(unreadable=1), RECORD)
    assert not unreadable.go
    assert f"for example a.jpg: is empty; {RECORD} lists all of them" in unreadable.reason
    decision = decide_batch(_selection(images=1, unreadable=1, changed=2, remaining=3), RECORD)
    assert decision.go
    assert decision.reason == (
        "1 images to predict, 1 left out as unreadable, 2 changed while they were read, 3 remain "
        "for the next run"
    )


def test_a_missing_selection_names_its_job(layout: Layout) -> None:
    with pytest.raises(RecordError, match=r"selections/j1/select\.json is missing: job j1 writes"):
        read_selection(MemoryS3(), layout, "j1")


def test_a_package_without_lineage_cannot_predict(layout: Layout, deployment: Deployment) -> None:
    cars = find_pipeline("stanford_cars")
    package = replace(PACKAGE, metadata={})
    with pytest.raises(RegistryError, match="no dataset_version in its metadata"):
        batch_requests(MemoryS3(), layout, cars, deployment, "b1", package)


def test_a_batch_averages_in_the_precision_of_its_package(
    s3: Any, layout: Layout, deployment: Deployment
) -> None:
    facts = {"dataset_version": "d1", "serving_precision": "int8"}
    package = Package("arn:x/7", "Approved", "image:1", "s3://b/m.tar.gz", facts)
    cars = find_pipeline("stanford_cars", "local")
    batch = cars.batch.model_copy(update={"flip_average": True})
    cars = cars.model_copy(update={"batch": batch})
    s3.answer("list_objects_v2", {"KeyCount": 0})  # labels of the incoming images
    local = replace(deployment, name="local")
    requests = batch_requests(s3.client, layout, cars, local, "b1", package)
    environment = requests["transform"]["config"]["Environment"]
    assert environment == {"FLIP_AVERAGE": "true", "SERVING_PRECISION": "int8"}


@pytest.mark.parametrize(
    ("metadata", "found", "expected"),
    [
        ({"training_job": "t1"}, 1, "t1"),
        ({"training_job": "t1"}, 0, None),
        ({}, None, None),
    ],
)
def test_find_evaluated_job_needs_stored_predictions(
    s3: Any, layout: Layout, metadata: dict[str, str], found: int | None, expected: str | None
) -> None:
    if found is not None:
        key = "stanford_cars/evaluations/t1/answers.csv"
        request = {"Bucket": "some-bucket", "Prefix": key, "MaxKeys": 1}
        s3.answer("list_objects_v2", {"KeyCount": found}, **request)
    package = Package("arn:x/2", "Approved", "image:1", "s3://b/m", metadata)
    assert find_evaluated_job(s3.client, layout, package) == expected

"""Tests of the plan of a nightly training."""

from collections.abc import Callable
from typing import Any

import pytest

from include.config import Deployment, find_pipeline
from include.config.versions import recordio_version
from include.decisions.promotion.champion import choose_champion
from include.decisions.registry.packages import Package
from include.decisions.training.image_digest import PinnedImage
from include.decisions.training.plan import decide_training, plan_training
from include.storage.layout import Layout
from include.storage.records import RecordError
from tests.include.conftest import ARN

RECORD = {
    "version": "r1",
    "dataset_version": "d1",
    "counts": {"train": 100, "validation": 20, "classes": 5},
}
DEPLOYMENT = Deployment(
    name="testing",
    bucket="some-bucket",
    role_arn="arn:aws:iam::123456789012:role/sagemaker",
    image_uri="image:1",
    region="us-east-1",
)
IMAGE = PinnedImage("image@sha256:1")


POINTER = "stanford_cars/recordio/current.json"


def plan(
    s3: Any, sagemaker: Any, record: Any = RECORD, image: PinnedImage = IMAGE, **params: Any
) -> Any:
    """Plan a run of a pipeline that needs no champion."""
    s3.answer("get_object", s3.json(record), Bucket="some-bucket", Key=POINTER)
    cars = find_pipeline("stanford_cars")
    return plan_training(
        s3.client, sagemaker.client, cars, DEPLOYMENT, image, params, no_champion_needed
    )


def no_champion_needed() -> Package | None:
    raise AssertionError("the champion was looked up")


def lookup(s3: Any, sagemaker: Any) -> Callable[[], Package | None]:
    """Return the lookup of the champion that the DAG passes in."""
    layout = Layout("some-bucket", "stanford_cars")
    return lambda: choose_champion(s3.client, sagemaker.client, layout, "stanford-cars")


def test_the_first_run_trains(s3: Any, sagemaker: Any) -> None:
    message = "ModelPackageGroup stanford-cars does not exist."
    sagemaker.refuse("list_model_packages", "ValidationException", message)
    state = plan(s3, sagemaker)
    decision = decide_training(state, force=False)
    assert decision.go
    assert "RecordIO r1 was not trained on with these settings and this code yet" in decision.reason
    assert state.lineage()["dataset_version"] == "d1"
    assert "num_classes=5" in state.lineage()["hyperparameters"]


def test_the_same_training_is_skipped_unless_forced(s3: Any, sagemaker: Any, registry: Any) -> None:
    registry.lists()
    fingerprint = plan(s3, sagemaker).fingerprint
    registry.lists(2, 1)
    registry.describes(2, fingerprint="another")
    registry.describes(
        1, fingerprint=fingerprint, training_job="job-1", top1="0.5", verdict="promote"
    )
    state = plan(s3, sagemaker)
    decision = decide_training(state, force=False)
    assert not decision.go
    assert "nothing new to learn: job-1 trained on RecordIO r1" in decision.reason
    assert "top-1 0.5000, verdict promote" in decision.reason
    assert decide_training(state, force=True).go


def test_an_unchanged_run_is_skipped_although_there_is_a_new_champion(
    s3: Any, sagemaker: Any, registry: Any
) -> None:
    """Otherwise a pipeline that starts from its champion would train in every nightly run."""
    local = find_pipeline("stanford_cars", "local")
    training = local.training.model_copy(update={"start_from": "champion"})
    warm_started = local.model_copy(update={"training": training})

    def plan_run() -> Any:
        s3.answer("get_object", s3.json(RECORD), Bucket="some-bucket", Key=POINTER)
        find = lookup(s3, sagemaker)
        return plan_training(s3.client, sagemaker.client, warm_started, DEPLOYMENT, IMAGE, {}, find)

    registry.serves_nothing()
    registry.lists(ModelApprovalStatus="Approved")
    registry.lists()
    first = plan_run()
    assert decide_training(first, force=False).reason.endswith(
        "starting from pretrained efficientnet-lite0-57934424.pth, since no model is approved yet"
    )
    registry.serves(1)
    registry.describes(1, **first.lineage())
    registry.lists(1, ModelApprovalStatus="Approved")
    registry.describes(1, **first.lineage())
    registry.lists(1)
    registry.describes(1, **first.lineage())
    second = plan_run()
    assert second.start.model_uri is not None
    assert not decide_training(second, force=False).go
    assert "starting from champion 1" in decide_training(second, force=True).reason


def test_another_number_of_shards_is_the_same_training(
    s3: Any, sagemaker: Any, registry: Any
) -> None:
    def sharded(record: Any) -> Any:
        s3.answer("get_object", s3.json(record), Bucket="some-bucket", Key=POINTER)
        registry.lists()
        return plan_training(
            s3.client, sagemaker.client, local, DEPLOYMENT, IMAGE, {}, no_champion_needed
        )

    local = find_pipeline("stanford_cars", "local")
    one, three = sharded(RECORD), sharded({**RECORD, "shards": 3})
    assert (one.shards, three.shards) == (1, 3)
    assert one.fingerprint == three.fingerprint


def test_the_built_in_algorithm_rejects_a_version_of_several_record_files(
    s3: Any, sagemaker: Any
) -> None:
    """It is documented to take one record file per channel, and might ignore further ones."""
    with pytest.raises(RecordError, match=r"r1 has 3 record files .* force im2rec_conversion"):
        plan(s3, sagemaker, {**RECORD, "shards": 3})


def test_changed_hyperparameters_change_the_fingerprint(
    s3: Any, sagemaker: Any, registry: Any
) -> None:
    registry.lists()
    registry.lists()
    assert plan(s3, sagemaker).fingerprint != plan(s3, sagemaker, epochs=99).fingerprint


def test_the_fingerprint_depends_on_the_images_digest_not_on_its_registry(
    s3: Any, sagemaker: Any, registry: Any
) -> None:
    images = ("a:1@sha256:1", "b@sha256:1", "b@sha256:2", "b:1")
    states = []
    for uri in images:
        registry.lists()
        states.append(plan(s3, sagemaker, image=PinnedImage(uri)))
    first, copied, rebuilt, tag = (state.fingerprint for state in states)
    assert first == copied
    assert len({first, rebuilt, tag}) == 3
    assert [state.lineage()["image"] for state in states] == list(images)


@pytest.mark.parametrize("known", [True, False])
def test_the_reason_has_the_warning_of_an_image_without_a_digest(
    s3: Any, sagemaker: Any, registry: Any, known: bool
) -> None:
    unpinned = PinnedImage("b:1", warning="image b:1 is known by its tag only")
    registry.lists()
    fingerprint = plan(s3, sagemaker, image=unpinned).fingerprint
    registry.lists(1)
    registry.describes(1, fingerprint=fingerprint if known else "another")
    decision = decide_training(plan(s3, sagemaker, image=unpinned), force=False)
    assert decision.go is not known
    assert decision.reason.endswith("; image b:1 is known by its tag only")


def test_an_error_of_the_registry_is_raised(s3: Any, sagemaker: Any) -> None:
    sagemaker.refuse("list_model_packages", "AccessDeniedException", "not authorized")
    with pytest.raises(sagemaker.client.exceptions.ClientError, match="not authorized"):
        plan(s3, sagemaker)


def test_the_param_dataset_version_selects_an_older_version(
    s3: Any, sagemaker: Any, registry: Any
) -> None:
    cars = find_pipeline("stanford_cars")
    name = recordio_version("d0", cars.conversion)
    older = {**RECORD, "version": name, "dataset_version": "d0"}
    key = f"stanford_cars/recordio/{name}/recordio.json"
    s3.answer("get_object", s3.json(older), Bucket="some-bucket", Key=key)
    registry.lists()
    params = {"dataset_version": "d0"}
    state = plan_training(
        s3.client, sagemaker.client, cars, DEPLOYMENT, IMAGE, params, no_champion_needed
    )
    assert (state.recordio, state.dataset_version) == (name, "d0")


def test_the_error_for_an_unconverted_version_names_the_conversion(s3: Any, sagemaker: Any) -> None:
    s3.refuse("get_object", "NoSuchKey")
    s3.answer("get_object", s3.json({"version": "d0"}))
    cars = find_pipeline("stanford_cars")
    params = {"dataset_version": "d0"}
    with pytest.raises(RecordError, match=r"d0 is not converted .*: trigger im2rec conversion"):
        plan_training(
            s3.client, sagemaker.client, cars, DEPLOYMENT, IMAGE, params, no_champion_needed
        )


def plan_after_drift(
    s3: Any, sagemaker: Any, package: int | None, start_from: str | None = "champion"
) -> Any:
    """Plan a run after a batch that this model package predicted has requested a training."""
    local = find_pipeline("stanford_cars", "local")
    drift = local.batch.drift.model_copy(update={"retrain": True})
    pipeline = local.model_copy(
        update={
            "batch": local.batch.model_copy(update={"drift": drift}),
            "training": local.training.model_copy(update={"start_from": start_from}),
        }
    )
    s3.answer("get_object", s3.json(RECORD), Bucket="some-bucket", Key=POINTER)
    if package is None:
        s3.refuse("get_object", "NoSuchKey")
    else:
        request = {"batch": "b7", "reason": "drift", "package": f"{ARN}/{package}"}
        key = "stanford_cars/models/retraining.json"
        s3.answer("get_object", s3.json(request), Bucket="some-bucket", Key=key)
    find = lookup(s3, sagemaker)
    return plan_training(s3.client, sagemaker.client, pipeline, DEPLOYMENT, IMAGE, {}, find)


def serve(registry: Any, version: int, **facts: Any) -> None:
    """Prepare answers for a package that serves and is the newest approved one."""
    registry.serves(version)
    registry.describes(version, **facts)
    registry.lists(version, ModelApprovalStatus="Approved")
    registry.describes(version, **facts)


def test_drift_starts_one_training_for_each_champion(
    s3: Any, sagemaker: Any, registry: Any
) -> None:
    """Otherwise each drifted batch would pay for a training with the same result."""
    registry.serves_nothing()
    registry.lists(ModelApprovalStatus="Approved")
    registry.lists()
    first = plan_after_drift(s3, sagemaker, None).lineage()
    serve(registry, 1, **first)
    for _ in range(2):  # lookups by the usual fingerprint, and by that of a start from champion 1
        registry.lists(1)
        registry.describes(1, **first)
    requested = plan_after_drift(s3, sagemaker, 1)
    decision = decide_training(requested, force=False)
    assert decision.go
    assert "batch b7 has drifted and asks for a training" in decision.reason
    assert requested.lineage()["asked_by"] == "b7"
    assert requested.start.champion == f"{ARN}/1"
    # The candidate is not promoted, and the next batch drifts as well.
    serve(registry, 1, **first)
    registry.lists(2, 1)
    registry.describes(2, **requested.lineage())
    registry.describes(1, **first)
    registry.lists(2, 1)
    registry.describes(2, **requested.lineage())
    assert not decide_training(plan_after_drift(s3, sagemaker, 1), force=False).go


@pytest.mark.parametrize(
    ("start_from", "predicted_by", "reason"),
    [
        (
            None,
            1,
            "the same data, settings and start (pretrained efficientnet-lite0-57934424.pth) would "
            "give the same model",
        ),
        ("champion", 1, "and start (champion 1) would give the same model"),
        ("champion", 7, "predicted by another model than the champion (now model package 1)"),
    ],
)
def test_drift_starts_no_training_with_the_same_result(
    s3: Any, sagemaker: Any, registry: Any, start_from: Any, predicted_by: int, reason: str
) -> None:
    registry.serves_nothing()
    registry.lists(ModelApprovalStatus="Approved")
    registry.lists()
    facts = plan_after_drift(s3, sagemaker, 1, start_from).lineage()
    # The data was trained on before; with start_from champion, starting from champion 1.
    facts |= {"started_from": "champion 1"} if start_from else {}
    served = {"network": facts["network"]}
    serve(registry, 1, **served)
    registry.lists(2)
    registry.describes(2, **facts)
    decision = decide_training(
        plan_after_drift(s3, sagemaker, predicted_by, start_from), force=False
    )
    assert not decision.go
    assert decision.reason.startswith("nothing new to learn: ")
    assert "batch b7 has drifted and asks for a training, but" in decision.reason
    assert reason in decision.reason

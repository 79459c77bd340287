"""A night trains when there is something new to learn, and says what was learnt before."""

from typing import Any

import pytest

from include.config import Deployment, find_pipeline
from include.config.versions import recordio_version
from include.decisions.training.image_digest import PinnedImage
from include.decisions.training.plan import decide_training, plan_training
from include.storage.records import RecordError
from tests.include.conftest import ARN

RECORD = {
    "version": "r1",
    "dataset_version": "d1",
    "counts": {"train": 100, "validation": 20, "classes": 5},
}
HERE = Deployment(
    name="testing",
    bucket="some-bucket",
    role_arn="arn:aws:iam::123456789012:role/sagemaker",
    image_uri="image:1",
    region="us-east-1",
)
IMAGE = PinnedImage("image@sha256:1")


def plan(
    s3: Any, sagemaker: Any, record: Any = RECORD, image: PinnedImage = IMAGE, **asked: Any
) -> Any:
    s3.answer("get_object", s3.json(record), Bucket="some-bucket", Key=_pointer())
    cars = find_pipeline("stanford_cars")
    return plan_training(s3.client, sagemaker.client, cars, HERE, image, asked)


def _pointer() -> str:
    return "stanford_cars/recordio/current.json"


def test_the_first_night_trains(s3: Any, sagemaker: Any) -> None:
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


def test_an_unchanged_night_is_skipped_though_it_would_start_from_a_new_champion(
    s3: Any, sagemaker: Any, registry: Any
) -> None:
    """Else a pipeline that goes on from its champion would train every night for ever."""
    local = find_pipeline("stanford_cars", "local")
    training = local.training.model_copy(update={"start_from": "champion"})
    going_on = local.model_copy(update={"training": training})

    def night() -> Any:
        s3.answer("get_object", s3.json(RECORD), Bucket="some-bucket", Key=_pointer())
        return plan_training(s3.client, sagemaker.client, going_on, HERE, IMAGE, {})

    registry.serves_nothing()
    registry.lists(ModelApprovalStatus="Approved")
    registry.lists()
    first = night()
    assert decide_training(first, force=False).reason.endswith(
        "starting from scratch, since no model is approved yet"
    )
    registry.serves(1)
    registry.describes(1, **first.lineage())
    registry.lists(1, ModelApprovalStatus="Approved")
    registry.describes(1, **first.lineage())
    registry.lists(1)
    registry.describes(1, **first.lineage())
    second = night()
    assert second.start.model_uri is not None
    assert not decide_training(second, force=False).go
    assert "starting from champion 1" in decide_training(second, force=True).reason


def test_how_many_instances_converted_is_no_new_training(
    s3: Any, sagemaker: Any, registry: Any
) -> None:
    def sharded(record: Any) -> Any:
        s3.answer("get_object", s3.json(record), Bucket="some-bucket", Key=_pointer())
        registry.lists()
        return plan_training(s3.client, sagemaker.client, local, HERE, IMAGE, {})

    local = find_pipeline("stanford_cars", "local")
    alone, together = sharded(RECORD), sharded({**RECORD, "shards": 3})
    assert (alone.shards, together.shards) == (1, 3)
    assert alone.fingerprint == together.fingerprint


def test_the_built_in_algorithm_is_given_no_version_of_several_files(
    s3: Any, sagemaker: Any
) -> None:
    """It is documented to take one record file a channel; of more it might leave out some."""
    with pytest.raises(RecordError, match=r"r1 has 3 record files .* force im2rec_conversion"):
        plan(s3, sagemaker, {**RECORD, "shards": 3})


def test_other_hyperparameters_are_another_training(s3: Any, sagemaker: Any, registry: Any) -> None:
    registry.lists()
    registry.lists()
    assert plan(s3, sagemaker).fingerprint != plan(s3, sagemaker, epochs=99).fingerprint


def test_other_code_is_another_training_and_another_address_of_it_is_not(
    s3: Any, sagemaker: Any, registry: Any
) -> None:
    """A tag may name new code at any time, and a copy in another registry is no new code."""
    images = ("a:1@sha256:1", "b@sha256:1", "b@sha256:2", "b:1")
    nights = []
    for uri in images:
        registry.lists()
        nights.append(plan(s3, sagemaker, image=PinnedImage(uri)))
    first, copied, rebuilt, tag = (night.fingerprint for night in nights)
    assert first == copied
    assert len({first, rebuilt, tag}) == 3
    assert [night.lineage()["image"] for night in nights] == list(images)


@pytest.mark.parametrize("known", [True, False])
def test_a_night_that_may_have_overlooked_new_code_says_so(
    s3: Any, sagemaker: Any, registry: Any, known: bool
) -> None:
    doubted = PinnedImage("b:1", doubt="image b:1 is known by its tag only")
    registry.lists()
    fingerprint = plan(s3, sagemaker, image=doubted).fingerprint
    registry.lists(1)
    registry.describes(1, fingerprint=fingerprint if known else "another")
    decision = decide_training(plan(s3, sagemaker, image=doubted), force=False)
    assert decision.go is not known
    assert decision.reason.endswith("; image b:1 is known by its tag only")


def test_an_error_of_aws_is_not_taken_for_an_empty_registry(s3: Any, sagemaker: Any) -> None:
    sagemaker.refuse("list_model_packages", "AccessDeniedException", "not authorized")
    with pytest.raises(sagemaker.client.exceptions.ClientError, match="not authorized"):
        plan(s3, sagemaker)


def test_an_older_version_is_trained_on_by_its_name(s3: Any, sagemaker: Any, registry: Any) -> None:
    cars = find_pipeline("stanford_cars")
    name = recordio_version("d0", cars.conversion)
    older = {**RECORD, "version": name, "dataset_version": "d0"}
    key = f"stanford_cars/recordio/{name}/recordio.json"
    s3.answer("get_object", s3.json(older), Bucket="some-bucket", Key=key)
    registry.lists()
    asked = {"dataset_version": "d0"}
    state = plan_training(s3.client, sagemaker.client, cars, HERE, IMAGE, asked)
    assert (state.recordio, state.dataset_version) == (name, "d0")


def test_an_older_version_that_is_not_converted_says_what_converts_it(
    s3: Any, sagemaker: Any
) -> None:
    s3.refuse("get_object", "NoSuchKey")
    cars = find_pipeline("stanford_cars")
    with pytest.raises(RecordError, match=r"recordio\.json is missing: RecordIO conversion"):
        plan_training(s3.client, sagemaker.client, cars, HERE, IMAGE, {"dataset_version": "d0"})


def asked_for(
    s3: Any, sagemaker: Any, package: int | None, start_from: str | None = "champion"
) -> Any:
    """Plan a night after a batch, which this model package answered, has asked for a training."""
    local = find_pipeline("stanford_cars", "local")
    drift = local.batch.drift.model_copy(update={"retrain": True})
    pipeline = local.model_copy(
        update={
            "batch": local.batch.model_copy(update={"drift": drift}),
            "training": local.training.model_copy(update={"start_from": start_from}),
        }
    )
    s3.answer("get_object", s3.json(RECORD), Bucket="some-bucket", Key=_pointer())
    if package is None:
        s3.refuse("get_object", "NoSuchKey")
    else:
        request = {"batch": "b7", "reason": "drift", "package": f"{ARN}/{package}"}
        key = "stanford_cars/models/retraining.json"
        s3.answer("get_object", s3.json(request), Bucket="some-bucket", Key=key)
    return plan_training(s3.client, sagemaker.client, pipeline, HERE, IMAGE, {})


def serve(registry: Any, version: int, **facts: Any) -> None:
    """Answer that this package serves and is the newest approved one."""
    registry.serves(version)
    registry.describes(version, **facts)
    registry.lists(version, ModelApprovalStatus="Approved")
    registry.describes(version, **facts)


def test_a_drift_has_one_night_go_on_from_each_champion(
    s3: Any, sagemaker: Any, registry: Any
) -> None:
    """Each drifted batch would else pay for a training with the same result."""
    registry.serves_nothing()
    registry.lists(ModelApprovalStatus="Approved")
    registry.lists()
    first = asked_for(s3, sagemaker, None).lineage()
    serve(registry, 1, **first)
    for _ in range(2):  # by the usual fingerprint, and by that of a training from champion 1
        registry.lists(1)
        registry.describes(1, **first)
    asked = asked_for(s3, sagemaker, 1)
    decision = decide_training(asked, force=False)
    assert decision.go
    assert "batch b7 has drifted and asks for a training" in decision.reason
    assert asked.lineage()["asked_by"] == "b7"
    assert asked.start.champion == f"{ARN}/1"
    # It is trained and not promoted; the next batch drifts, too.
    serve(registry, 1, **first)
    registry.lists(2, 1)
    registry.describes(2, **asked.lineage())
    registry.describes(1, **first)
    registry.lists(2, 1)
    registry.describes(2, **asked.lineage())
    assert not decide_training(asked_for(s3, sagemaker, 1), force=False).go


@pytest.mark.parametrize(
    ("start_from", "answered_by", "reason"),
    [
        (None, 1, "the same data, settings and start (scratch) would give the same model"),
        ("champion", 1, "and start (champion 1) would give the same model"),
        ("champion", 7, "another model than the champion (now model package 1) answered it"),
    ],
)
def test_a_drift_starts_no_training_that_changes_nothing(
    s3: Any, sagemaker: Any, registry: Any, start_from: Any, answered_by: int, reason: str
) -> None:
    registry.serves_nothing()
    registry.lists(ModelApprovalStatus="Approved")
    registry.lists()
    facts = asked_for(s3, sagemaker, 1, start_from).lineage()
    # The data was trained on before, going on from champion 1 where the pipeline does so.
    facts |= {"started_from": "champion 1"} if start_from else {}
    served = {"network": facts["network"]}
    serve(registry, 1, **served)
    registry.lists(2)
    registry.describes(2, **facts)
    decision = decide_training(asked_for(s3, sagemaker, answered_by, start_from), force=False)
    assert not decision.go
    assert decision.reason.startswith("nothing new to learn: ")
    assert "batch b7 has drifted and asks for a training, but" in decision.reason
    assert reason in decision.reason

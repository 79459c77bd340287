"""A job's tags name the tasks that submitted it and wait for it, within the limits of AWS tags."""

import pytest

from sagemaker_jobs.jobs.ownership import SENSOR_TAG, TASK_TAG, Owner, ownership_tags, task_tag


@pytest.mark.parametrize(
    "owner",
    [
        Owner("d", "submit_train", "manual__2026-01-01T00:00:00+00:00", "track_train"),
        Owner("d", "start", "a/run/of/slashes", "wait"),
        Owner("d.e-f", "group.submit_x", "r", "other.wait_for_x"),
    ],
)
def test_the_tags_name_both_tasks(owner: Owner) -> None:
    tags = ownership_tags(owner.dag_id, owner.task_id, owner.run_id, owner.sensor_task_id)
    assert Owner.from_tags(tags) == owner


def test_without_a_sensor_there_is_no_tag_for_it() -> None:
    assert ownership_tags("d", "submit", "r", None) == {TASK_TAG: "d/submit/r"}


@pytest.mark.parametrize(
    ("task_id", "sensor"),
    [
        ("submit_train", "track_train"),
        ("submit", "track"),
        ("group.submit_x", "group.track_x"),
        ("submit_group.train", None),
        ("resubmit", None),
    ],
)
def test_the_sensor_of_a_job_of_an_earlier_version_follows_from_the_submitting_task(
    task_id: str, sensor: str | None
) -> None:
    assert Owner.from_tags({TASK_TAG: f"d/{task_id}/r"}) == Owner("d", task_id, "r", sensor)


@pytest.mark.parametrize("tags", [{}, {TASK_TAG: "d/submit"}, {TASK_TAG: "d/submit/" + "x" * 247}])
def test_a_tag_that_is_missing_or_may_be_cut_names_no_owner(tags: dict[str, str]) -> None:
    assert Owner.from_tags({**tags, SENSOR_TAG: "track"}) is None


def test_a_tag_has_the_characters_and_the_length_that_aws_allows() -> None:
    value = task_tag("d", "submit", "~é\n" + "x" * 300)
    assert value.startswith("d/submit/-é-x")
    assert len(value) == 256

"""A job's tag names the task that submitted it, as far as AWS's alphabet and length allow."""

import pytest

from sagemaker_jobs.jobs.ownership import Owner, task_tag


@pytest.mark.parametrize(
    ("owner", "tracker"),
    [
        (Owner("d", "submit_train", "manual__2026-01-01T00:00:00+00:00"), "track_train"),
        (Owner("d", "submit", "a/run/of/slashes"), "track"),
        (Owner("d.e-f", "group.submit_x", "r"), "group.track_x"),
        (Owner("d", "submit_group.train", "r"), None),
        (Owner("d", "resubmit", "r"), None),
    ],
)
def test_a_tag_names_its_owner_again(owner: Owner, tracker: str | None) -> None:
    tag = task_tag(owner.dag_id, owner.task_id, owner.run_id)
    assert Owner.from_tag(tag) == owner
    assert owner.tracker == tracker


def test_a_tag_fits_awss_alphabet_and_length() -> None:
    value = task_tag("d", "submit", "~é\n" + "x" * 300)
    assert value.startswith("d/submit/-é-x")
    assert len(value) == 256

"""Lists of deployments: which are kept, for how long, and what lets a page read them again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from model_page.reading.models import releases
from model_page.reading.models.releases import COMPLETE_AFTER, MAX_AGE_SECONDS, ReleaseReader
from model_page.reading.objects import FRESH_SECONDS, ObjectReader
from tests.plugins.model_page.stage import BUCKET, Stage

FIRST = datetime(2026, 11, 1, tzinfo=UTC)


class Clock:
    """A clock that tests set forward."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Reading:
    """A reader of a stage's deployments, by a clock of its own."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.clock = stage, Clock()
        objects = ObjectReader(stage.s3, BUCKET, clock=self.clock)
        self.reader = ReleaseReader(objects, self.clock)

    def deploy(self, version: int, day: int) -> None:
        self.stage.release(version, FIRST + timedelta(days=day))

    def versions(self) -> list[int]:
        """Return the packages of all deployments, the last first."""
        found = self.reader.deployments(self.stage.layout).deployments
        return [deployment.version for deployment in found]

    def lists(self, read: Callable[[], Any]) -> int:
        """Return the number of lists of keys that a read takes."""
        self.stage.calls.clear()
        read()
        return self.stage.calls["ListObjectsV2"]


@pytest.fixture
def reading(stage: Stage) -> Reading:
    made = Reading(stage)
    made.deploy(1, 0)
    made.deploy(2, 1)
    assert made.versions() == [2, 1]
    return made


def test_a_list_is_kept_until_a_deployment_is_recorded(reading: Reading) -> None:
    reading.clock.now += COMPLETE_AFTER - 1
    assert reading.lists(reading.versions) == 0
    reading.deploy(1, 2)  # a rollback
    reading.clock.now += FRESH_SECONDS
    assert reading.versions() == [1, 2, 1]


def test_the_list_of_a_package_is_read_again_after_a_deployment(reading: Reading) -> None:
    layout = reading.stage.layout
    assert len(reading.reader.of_package(layout, 1).deployments) == 1
    reading.deploy(1, 2)
    reading.clock.now += FRESH_SECONDS
    assert len(reading.reader.of_package(layout, 1).deployments) == 2


def test_a_deployment_that_is_recorded_during_a_list_is_not_missed(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = ReleaseReader._list

    def record_meanwhile(*arguments: Any) -> Any:
        found = listed(*arguments)
        reading.deploy(3, 5)
        return found

    reading.clock.now += COMPLETE_AFTER
    with monkeypatch.context() as patched:
        patched.setattr(ReleaseReader, "_list", record_meanwhile)
        assert reading.versions() == [2, 1]
    reading.clock.now += FRESH_SECONDS
    assert reading.versions() == [3, 2, 1]


def test_deleted_deployments_disappear(reading: Reading) -> None:
    folder = reading.stage.layout.release_deployment(2, "20261102T000000Z")
    reading.stage.s3.delete_object(Bucket=BUCKET, Key=f"{folder}release.json")
    reading.clock.now += COMPLETE_AFTER
    assert reading.versions() == [1]


def test_without_the_record_of_changes_lists_are_kept_for_seconds(reading: Reading) -> None:
    reading.stage.s3.delete_object(Bucket=BUCKET, Key=reading.stage.layout.release_change)
    reading.clock.now += FRESH_SECONDS
    assert reading.lists(reading.versions) == 1
    reading.clock.now += MAX_AGE_SECONDS - 1
    assert reading.lists(reading.versions) == 0
    reading.clock.now += 1
    assert reading.lists(reading.versions) == 1


def test_records_are_read_once(reading: Reading) -> None:
    last = reading.reader.deployments(reading.stage.layout).deployments[0]
    first = reading.reader.record(last)
    reading.stage.calls.clear()
    reading.clock.now += 10 * COMPLETE_AFTER
    assert reading.reader.record(last) == first
    assert first is not None
    assert first.version == 2
    assert reading.stage.calls.total() == 0


def test_lists_in_memory_are_bounded(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "KEPT", 10)
    layout = reading.stage.layout
    for version in range(1, 40):
        reading.reader.of_package(layout, version)
    kept = reading.reader._known.values()
    assert 0 < sum(len(known.found.deployments) + 1 for known in kept) <= 10

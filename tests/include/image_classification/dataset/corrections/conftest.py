"""Fixtures for tests of labels in a refresh."""

import pytest

from tests.include.image_classification.dataset.corrections.label_runs import LabelJob
from tests.include.image_classification.dataset.refresh_runs import RefreshJob


@pytest.fixture
def labels(job: RefreshJob) -> LabelJob:
    return LabelJob(job)

"""Fixtures for tests of the command refresh."""

from pathlib import Path

import pytest

from tests.include.image_classification.dataset.refresh_job import source
from tests.include.image_classification.dataset.refresh_runs import RefreshJob


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RefreshJob:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    return RefreshJob(tmp_path)


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    source(tmp_path).mkdir(parents=True)
    return tmp_path

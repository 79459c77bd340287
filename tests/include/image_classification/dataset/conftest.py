"""Fixtures for tests of the command refresh."""

from pathlib import Path

import pytest

from tests.include.image_classification.dataset.running import Refresh


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Refresh:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    return Refresh(tmp_path)

"""A mirror and an empty weights folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.include.image_classification.training.pretrained.catalogue.published import (
    Mirror,
    running_mirror,
)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setenv("FETCH_ALLOWED_HOSTS", "127.0.0.1")
    with running_mirror() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The weights folder, which does not exist yet."""
    path = tmp_path / "weights"
    monkeypatch.setenv("PRETRAINED_WEIGHTS_FOLDER", str(path))
    return path

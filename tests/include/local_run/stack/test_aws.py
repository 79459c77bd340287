"""The URI of the local image changes with its code, as a container image's digest does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from include.config import Deployment
from include.decisions.training.image_digest import pin_image
from include.local_aws.image_registry import ImageRegistry
from include.local_run.project_paths import ProjectPaths
from include.local_run.stack.aws import image_uri, local_aws


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    program = tmp_path / "include" / "image_classification" / "train.py"
    program.parent.mkdir(parents=True)
    program.write_text("epochs = 1")
    return tmp_path


def _compute_image_uri(checkout: Path) -> str:
    image_uri.cache_clear()
    return image_uri(checkout)


def test_the_uri_changes_with_the_code_only(checkout: Path) -> None:
    """A second `make run` trains again only if the code has changed."""
    folder = checkout / "include" / "image_classification"
    first = _compute_image_uri(checkout)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "train.cpython-311.pyc").write_bytes(b"compiled")
    (checkout / "include" / "elsewhere.py").write_text("x = 1")
    assert _compute_image_uri(checkout) == first
    (folder / "train.py").write_text("epochs = 2")
    changed = _compute_image_uri(checkout)
    (folder / "train.py").rename(folder / "fit.py")
    assert len({first, changed, _compute_image_uri(checkout)}) == 3


def test_the_uri_is_pinned_without_a_registry(checkout: Path) -> None:
    uri = _compute_image_uri(checkout)
    deployment = Deployment("local", "bucket", "arn:aws:iam::123456789012:role/r", uri, "us-east-1")
    image = pin_image(None, deployment, "custom")
    assert (image.uri, image.warning) == (uri, None)
    assert image.identity.startswith("sha256:")


def test_images_of_earlier_code_stay_registered(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an endpoint would not restart after a change of the code."""
    monkeypatch.setenv("PRETRAINED_WEIGHTS_FOLDER", "/weights")
    paths = ProjectPaths(checkout)
    earlier = _compute_image_uri(checkout)
    local_aws(paths, 4566, {}, "http://127.0.0.1:8080")
    (checkout / "include" / "image_classification" / "train.py").write_text("epochs = 2")
    new = _compute_image_uri(checkout)
    local_aws(paths, 4566, {}, "http://127.0.0.1:8080")
    registry = ImageRegistry(paths.local / "images.json")
    assert list(registry.images()) == [earlier, new]
    assert registry.find(earlier) == registry.find(new)
    assert json.loads((paths.local / "images.json").read_text())[new]["environment"] == {
        "PYTHONPATH": str(checkout),
        "PRETRAINED_WEIGHTS_FOLDER": "/weights",
    }

"""The local image is known by its code, as a container's is by its digest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from include.config import Deployment
from include.decisions.training.image_digest import pin_image
from include.local_aws.image_registry import ImageRegistry
from include.local_run.project_paths import Places
from include.local_run.stack.aws import image_uri, local_aws


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    program = tmp_path / "include" / "image_classification" / "train.py"
    program.parent.mkdir(parents=True)
    program.write_text("epochs = 1")
    return tmp_path


def looked_at_anew(checkout: Path) -> str:
    image_uri.cache_clear()
    return image_uri(checkout)


def test_the_address_changes_with_the_code_and_with_nothing_else(checkout: Path) -> None:
    """A second `make run` trains nothing while the code is the same, and does when it changed."""
    folder = checkout / "include" / "image_classification"
    first = looked_at_anew(checkout)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "train.cpython-311.pyc").write_bytes(b"compiled")
    (checkout / "include" / "elsewhere.py").write_text("x = 1")
    assert looked_at_anew(checkout) == first
    (folder / "train.py").write_text("epochs = 2")
    changed = looked_at_anew(checkout)
    (folder / "train.py").rename(folder / "fit.py")
    assert len({first, changed, looked_at_anew(checkout)}) == 3


def test_nothing_has_to_be_asked_for_its_digest(checkout: Path) -> None:
    uri = looked_at_anew(checkout)
    here = Deployment("local", "bucket", "arn:aws:iam::123456789012:role/r", uri, "us-east-1")
    image = pin_image(None, here, "custom")
    assert (image.uri, image.warning) == (uri, None)
    assert image.identity.startswith("sha256:")


def test_models_of_earlier_code_still_have_their_image(checkout: Path) -> None:
    """Else an endpoint would not come back after a change of the code."""
    places = Places(checkout)
    old = looked_at_anew(checkout)
    local_aws(places, 4566, {})
    (checkout / "include" / "image_classification" / "train.py").write_text("epochs = 2")
    new = looked_at_anew(checkout)
    local_aws(places, 4566, {})
    registry = ImageRegistry(places.local / "images.json")
    assert list(registry.images()) == [old, new]
    assert registry.find(old) == registry.find(new)
    assert json.loads((places.local / "images.json").read_text())[new]["environment"] == {
        "PYTHONPATH": str(checkout)
    }

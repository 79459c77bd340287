"""Class names in the channel and in the model folder."""

import json
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.model.class_names import (
    channel_class_names,
    read_class_names,
    write_class_names,
)


@pytest.fixture
def channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    return tmp_path / "input" / "data" / "classes"


def test_a_job_without_the_channel_has_no_names(channel: Path) -> None:
    assert channel_class_names(3) is None


def test_the_names_are_read_from_the_channel(channel: Path, tmp_path: Path) -> None:
    names = ["Audi", "Škoda", "smart"]
    channel.mkdir(parents=True)
    (channel / "classes.json").write_text(json.dumps(names))
    assert channel_class_names(3) == names
    write_class_names(tmp_path, names)
    assert read_class_names(tmp_path, 3) == names


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"holds no classes\.json"),
        ("no JSON", "not a JSON list of class names"),
        ('{"Audi": 1}', "not a JSON list of class names"),
        ("[1, 2, 3]", "not a JSON list of class names"),
        ('["Audi"]', "has 1 class names, but there are 3 classes"),
    ],
)
def test_invalid_names_are_rejected(channel: Path, content: str | None, message: str) -> None:
    channel.mkdir(parents=True)
    if content is not None:
        (channel / "classes.json").write_text(content)
    with pytest.raises(CommandError, match=message):
        channel_class_names(3)

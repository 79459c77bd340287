"""Photos with a .lst file, and the built-in algorithm's error messages."""

import json
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.recordio.record_file import Records
from include.image_classification.training.input.open_channels import open_channel
from tests.include.image_classification.training.job_data import make_png


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A job's channels, with three photos and their list."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    folder = tmp_path / "input" / "data"
    (folder / "train" / "deep").mkdir(parents=True)
    for number, name in enumerate(("a.png", "b c.png", "deep/d.png")):
        (folder / "train" / name).write_bytes(make_png(number, number))
    write_list(folder, "5\t2\ta.png\n7\t0.000000\tb c.png\r\n\n9\t1\tdeep/d.png\n")
    return folder


def write_list(data: Path, text: str) -> None:
    (data / "train_lst").mkdir(exist_ok=True)
    (data / "train_lst" / "train.lst").write_text(text)


def opened() -> Records:
    images = open_channel("train", 3)
    assert isinstance(images, Records)
    return images


def test_photos_have_the_labels_of_the_list(data: Path) -> None:
    images = opened()
    assert [images.label(index) for index in range(len(images))] == [2, 0, 1]
    assert images.image(1) == make_png(1, 1)
    assert images.describe(2) == "deep/d.png of the train channel"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", r"train.lst lists no images"),
        ("0 2 a.png", r"train.lst line 1 has 1 fields; it needs index, label and path"),
        ("0\ta.png", r"train.lst line 1 has 2 fields"),
        ("0\tone\ta.png", r"train.lst line 1: the label 'one' is not a number"),
        ("0\t3\ta.png", r"a.png has label 3, which is not in 0..2: num_classes is 3"),
        ("0\t0.5\ta.png", r"a.png has label 0.5"),
        ("0\tnan\ta.png", r"a.png has label nan"),
        ("0\t1\t2\ta.png", r"a.png has 2 labels, not one"),
        ("0\t1\ta.png\n1\t1\tz.png", r"z.png is not among the images of the channel"),
        ("0\t1\t../train_lst/train.lst", r"is outside the channel's folder"),
    ],
)
def test_an_invalid_list_is_rejected_with_the_built_in_algorithms_message(
    data: Path, text: str, reason: str
) -> None:
    write_list(data, text)
    with pytest.raises(CommandError, match=f"^Invalid lst file in the train channel: .*{reason}"):
        opened()


def test_exactly_one_list_is_required(data: Path) -> None:
    (data / "train_lst" / "other.lst").write_text("0\t1\ta.png\n")
    with pytest.raises(CommandError, match=r"channel train_lst must hold one .lst file, but .* 2"):
        opened()


def test_photos_without_a_list_are_rejected(data: Path) -> None:
    (data / "train_lst" / "train.lst").unlink()
    (data / "train_lst").rmdir()
    config = data.parent / "config"
    config.mkdir()
    channels = {"train": {"ContentType": "application/x-image"}}
    (config / "inputdataconfig.json").write_text(json.dumps(channels))
    with pytest.raises(CommandError, match="channel train_lst is missing"):
        opened()


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "application/x-image"])
def test_all_image_content_types_are_accepted(data: Path, kind: str) -> None:
    """The built-in algorithm accepts all three."""
    config = data.parent / "config"
    config.mkdir()
    channels = {"train": {"ContentType": kind}, "train_lst": {"ContentType": kind}}
    (config / "inputdataconfig.json").write_text(json.dumps(channels))
    assert len(opened()) > 0


def test_photos_in_pipe_mode_are_rejected(data: Path) -> None:
    config = data.parent / "config"
    config.mkdir()
    (config / "inputdataconfig.json").write_text(
        json.dumps({"train": {"TrainingInputMode": "Pipe"}})
    )
    with pytest.raises(CommandError, match="application/x-image in Pipe mode"):
        opened()


def test_a_photo_that_disappears_is_named(data: Path) -> None:
    images = opened()
    (data / "train" / "a.png").unlink()
    with pytest.raises(CommandError, match=r"a.png of the train channel cannot be read"):
        images.image(0)

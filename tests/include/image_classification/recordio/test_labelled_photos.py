"""Streams of photos and labels in turn, as SageMaker sends an augmented manifest."""

import io

import pytest

from include.image_classification.container import CommandError
from include.image_classification.recordio.framing import frame
from include.image_classification.recordio.labelled_photos import labelled_photos
from include.image_classification.recordio.labels import Label, LabelFormat, Labelling
from tests.include.image_classification.training.job_data import make_png

PHOTO = make_png(0, 0)


def labels(
    *texts: str, several: bool = False, label_format: LabelFormat = "multi-hot"
) -> list[Label]:
    records = [record for text in texts for record in (PHOTO, text.encode())]
    return read(*records, several=several, label_format=label_format)


def read(
    *records: bytes, several: bool = False, label_format: LabelFormat = "multi-hot"
) -> list[Label]:
    stream = io.BytesIO(b"".join(map(frame, records)))
    found = list(labelled_photos(stream, "s", Labelling(3, several), label_format))
    assert all(sample.content == PHOTO for sample in found)
    return [sample.label for sample in found]


def test_a_label_is_a_number_in_any_form() -> None:
    assert labels("0", "2", '"1"', "1.0", "[2]", "true") == [0, 2, 1, 1, 2, 1]


def test_lists_of_labels_have_one_of_two_formats() -> None:
    assert labels("[1, 0, 1]", several=True) == [b"\1\0\1"]
    found = labels("[0, 2]", "[]", "1", several=True, label_format="class-id")
    assert found == [b"\1\0\1", b"\0\0\0", b"\0\1\0"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3", r"s: photo 2 has label 3, which is not in 0\.\.2: num_classes is 3"),
        ("[0, 1]", "photo 2 has 2 labels, not one"),
        ("cat", "photo 2 has the label 'cat', which is not the number of a class.*Ground Truth"),
        ('{"class-name": "cat"}', "photo 2 has the label .*which is not the number of a class"),
        ("null", "photo 2 has the label 'null'"),
        ("[[1]]", r"photo 2 has the label '\[\[1\]\]'"),
        ("[" * 100_000, r"photo 2 has the label '\[\[\["),
        ("nan", "photo 2 has the label 'nan'|photo 2 has label nan"),
        ("NaN", "photo 2 has label nan"),
    ],
)
def test_other_labels_are_rejected_with_the_photos_number(text: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        labels("0", text, "1")


def test_a_class_that_does_not_exist_is_rejected_in_the_format_class_id() -> None:
    with pytest.raises(CommandError, match=r"photo 1 has label 3, which is not in 0\.\.2"):
        labels("[0, 3]", several=True, label_format="class-id")


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([b"0", PHOTO], r"photo 1 is the text '0': AttributeNames must be .*\"source-ref\""),
        ([PHOTO, b"0", b'{"a": 1}', PHOTO], r"photo 2 is the text '\{\"a\": 1\}'"),
        ([PHOTO, b"0", PHOTO], "photo 2, the last one, has no label: AttributeNames"),
        ([PHOTO, PHOTO], "photo 1 has the label '.PNG.*which is not the number"),
    ],
)
def test_other_attributes_are_rejected_with_the_right_ones(
    records: list[bytes], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        read(*records)


def test_a_stream_that_is_cut_off_is_rejected() -> None:
    whole = frame(PHOTO) + frame(b"0")
    with pytest.raises(CommandError, match="s is cut off"):
        list(labelled_photos(io.BytesIO(whole[:-4]), "s", Labelling(3), "multi-hot"))

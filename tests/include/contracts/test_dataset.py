"""Rows of a manifest: the container writes exactly the fields of the contract."""

from include.contracts.dataset import Box, CutRow, LabelSource, ManifestRow
from include.image_classification.dataset.version.manifest import Cut, Image

PHOTO = ("a/1.jpg", "0f" * 32, 9, 64, 48, 1, "train", "0f/0f.jpg")


def test_a_row_has_the_fields_of_the_contract() -> None:
    row = Image(*PHOTO).row()  # type: ignore[arg-type]
    assert row.keys() == ManifestRow.__required_keys__
    given = LabelSource(who="anna", when="2026-11-30", file="a.jsonl")
    cut = Cut("1f" * 32, Box(1, 2, 3, 4))
    image = Image(*PHOTO, cut, given)  # type: ignore[arg-type]
    cropped = image.row()
    assert cropped.keys() == ManifestRow.__required_keys__ | ManifestRow.__optional_keys__
    assert cropped["cut"].keys() == CutRow.__required_keys__
    assert cropped["label_source"].keys() == LabelSource.__required_keys__
    assert Image.from_row(cropped) == image

"""The choice of the epoch to serve and to start from."""

from pathlib import Path

import pytest

from include.image_classification.model.model_files import parameters_file


@pytest.mark.parametrize(
    ("names", "best", "expected"),
    [
        ([], None, None),
        (["other"], None, None),
        (["0000"], None, "0000"),
        (["0009", "0010"], None, "0010"),
        (["9999", "10000"], None, "10000"),
        (["0002", "0009"], "2", "0002"),
        (["0002", "0009"], "3", "0009"),
        (["0002", "0009"], "not a number", "0009"),
    ],
)
def test_the_best_epoch_is_served_or_else_the_last(
    tmp_path: Path, names: list[str], best: str | None, expected: str | None
) -> None:
    for name in names:
        (tmp_path / f"image-classification-{name}.params").touch()
    if best is not None:
        (tmp_path / "best-epoch.json").write_text(best)
    found = parameters_file(tmp_path)
    assert (found and found.stem.rsplit("-", 1)[1]) == expected

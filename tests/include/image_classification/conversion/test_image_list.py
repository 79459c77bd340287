"""Lists: identical to those of MXNet's tool, and no line is skipped silently."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.image_classification.container import CommandError
from include.image_classification.conversion import im2rec
from include.image_classification.recordio.image_list import ListedImage, read_list, write_list
from tests.include.image_classification.conversion import mxnet_tool

NAMES = st.text("abcXY Ø-_.", min_size=1, max_size=6).filter(lambda name: name.strip(" .") == name)
PATHS = st.builds(
    lambda folders, name, suffix: "/".join([*folders, name + suffix]),
    st.lists(NAMES, max_size=2),
    NAMES,
    st.sampled_from([".jpg", ".JPEG", ".png", ".txt", ""]),
)
FLAGS = st.tuples(
    st.sampled_from([[], ["--recursive"]]),
    st.sampled_from([[], ["--no-shuffle"]]),
    st.sampled_from([[], ["--chunks", "2"], ["--chunks", "3"]]),
    st.sampled_from(
        [[], ["--train-ratio", "0.8"], ["--train-ratio", "0.5", "--test-ratio", "0.5"],
         ["--train-ratio", "0.6", "--test-ratio", "0.2"]]
    ),
    st.sampled_from([[], ["--exts", ".png", ".jpg"]]),
).map(lambda parts: [flag for part in parts for flag in part])  # fmt: skip


def make(root: Path, paths: Sequence[str]) -> None:
    for path in paths:
        file = root / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        except OSError:
            continue  # a file is where a folder should be, or the other way round


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.lst")}


@given(paths=st.lists(PATHS, min_size=1, max_size=20), flags=FLAGS)
@settings(max_examples=150, deadline=None)
def test_lists_are_identical_to_mxnets(paths: list[str], flags: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("images", "actual", "expected"):
            (folder / part).mkdir()
        make(folder / "images", [*paths, "one.jpg", "two.png"])
        prefix, root = folder / "actual" / "set", folder / "images"
        im2rec.main([str(prefix), str(root), "--list", *flags])
        mxnet_tool.list_images(folder / "expected" / "set", root, *flags)
        assert written(folder / "actual") == written(folder / "expected")


@given(
    st.lists(
        st.builds(
            ListedImage,
            st.integers(0, 10**9),
            st.lists(st.integers(-1000, 1000).map(float), min_size=1, max_size=4).map(tuple),
            st.text(
                st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20
            ),
        )
    )
)
@settings(deadline=None)
def test_written_lists_are_read_back(images: list[ListedImage]) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "set.lst"
        write_list(path, images)
        assert [listed for _, listed in read_list(path)] == images


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("7\tcar.jpg", r"set\.lst line 2 has 2 fields; it needs index, label and path"),
        ("seven\t1\tcar.jpg", r"set\.lst line 2: the index 'seven' is not a whole number"),
        ("7\tcar\tcar.jpg", r"set\.lst line 2: the label 'car' is not a number"),
    ],
)
def test_an_invalid_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    """MXNet prints such a line and skips the image."""
    path = tmp_path / "set.lst"
    path.write_text(f"0\t1.000000\tfirst.jpg\n{line}\n")
    with pytest.raises(CommandError, match=message):
        list(read_list(path))


def test_a_folder_without_images_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"holds no images that end in \.jpeg, \.jpg, \.png"):
        im2rec.main(["--list", str(tmp_path / "set"), str(tmp_path)])
    with pytest.raises(CommandError, match="gone is not a folder"):
        im2rec.main(["--list", str(tmp_path / "set"), str(tmp_path / "gone")])

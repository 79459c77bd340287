"""The files and the name of a version."""

import dataclasses
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.contracts.dataset import SPLITS, Box
from include.image_classification.container import CommandError
from include.image_classification.dataset.version.manifest import (
    Cut,
    Image,
    Version,
    VersionFiles,
    image_key,
    read_version,
    write_json,
    write_version,
)


def image(path: str = "a/1.jpg") -> Image:
    sha256 = "ab" * 32
    return Image(path, sha256, 10, 4, 3, 0, "train", image_key(sha256, "jpg"))


VERSION = Version([image()], ["Škoda", "Audi"])


def written(folder: Path) -> Path:
    write_version(folder, VERSION, [], [])
    write_json(folder / "dataset.json", {"version": VERSION.name})
    return folder


def test_a_version_survives_writing_and_reading(tmp_path: Path) -> None:
    assert read_version(written(tmp_path)) == VERSION


def test_the_manifest_has_the_fields_that_others_read(tmp_path: Path) -> None:
    """Evaluation, conversion and the DAGs read these fields by name."""
    row = json.loads((written(tmp_path) / "manifest.jsonl").read_text())
    assert row == {
        "path": "a/1.jpg", "sha256": "ab" * 32, "size": 10, "width": 4, "height": 3, "label": 0,
        "split": "train", "key": f"ab/{'ab' * 32}.jpg",
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"path": "a/2.jpg"}, {"label": 1}, {"split": "test"}, {"size": 11}, {"width": 5}],
)
def test_any_change_changes_the_name(change: dict[str, object]) -> None:
    changed = dataclasses.replace(image(), **change)  # type: ignore[arg-type]
    assert Version([changed], VERSION.classes).name != VERSION.name


def test_the_order_of_classes_is_part_of_the_name() -> None:
    assert Version(VERSION.images, ["Audi", "Škoda"]).name != VERSION.name


def test_the_name_is_the_same_on_every_computer() -> None:
    assert VERSION.name == "b0fbab94d42f42c2"


@pytest.mark.parametrize("name", ["manifest.jsonl", "classes.json", "dataset.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    (written(tmp_path) / name).unlink()
    with pytest.raises(CommandError, match=f"has no {name}"):
        read_version(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [("manifest.jsonl", "{"), ("manifest.jsonl", '{"path": 1}'), ("dataset.json", "{}")],
)
def test_a_damaged_file_is_one_clear_error(tmp_path: Path, name: str, content: str) -> None:
    (written(tmp_path) / name).write_text(content)
    with pytest.raises(CommandError, match=r"damaged .*refresh the dataset again"):
        read_version(tmp_path)


def test_manually_changed_files_are_refused(tmp_path: Path) -> None:
    """Versions are immutable: a changed split or label must not keep the name."""
    manifest = written(tmp_path) / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace("train", "test"))
    with pytest.raises(CommandError, match=f"do not match the dataset version {VERSION.name}"):
        read_version(tmp_path)


def test_a_manifest_that_is_read_as_a_stream_is_checked(tmp_path: Path) -> None:
    """The name is checked after the last image, because earlier ones may be wrong."""
    folder = written(tmp_path)
    lines = (folder / "manifest.jsonl").read_text().splitlines(keepends=True)
    (folder / "manifest.jsonl").write_text("".join(lines[:-1]))
    images = VersionFiles(folder).images()
    with pytest.raises(CommandError, match="do not match the dataset version"):
        list(images)


# Names from old archives may contain bytes that are not UTF-8.
TEXTS = st.text(st.characters(codec=None), min_size=1, max_size=20)
NUMBERS = st.integers(0, 2**40)
HASHES = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
BOXES = st.builds(Box, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
IMAGES = st.builds(
    Image,
    *(TEXTS, HASHES, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.sampled_from(SPLITS), TEXTS),
    st.none() | st.builds(Cut, HASHES, BOXES),
)
VERSIONS = st.builds(Version, st.lists(IMAGES, max_size=5), st.lists(TEXTS, max_size=3))


@given(VERSIONS)
def test_any_version_survives_writing_and_reading(version: Version) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_version(folder, version, [], [])
        write_json(folder / "dataset.json", {"version": version.name})
        assert read_version(folder) == version


@given(VERSIONS, VERSIONS)
def test_versions_share_a_name_only_if_they_are_the_same(one: Version, other: Version) -> None:
    assert (one.name == other.name) == (one == other)

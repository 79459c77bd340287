"""The layout of a folder a class."""

import zipfile
from pathlib import Path

import pytest

from include.image_classification.container import ProgramError
from include.image_classification.dataset.class_folders import open_class_folders
from include.image_classification.dataset.manifest import Quarantined
from tests.include.image_classification.dataset.making import class_folders, photo, tgz


def listed(folder: Path, wanted: str | None = None) -> dict[str, str]:
    """What a source lists: the class of each photo's path, or why it is refused."""
    source = open_class_folders(folder, wanted)
    return {
        entry.path: entry.reason if isinstance(entry, Quarantined) else source.classes[entry.label]
        for entry in source.entries
    }


EXPECTED = {"cat/0.jpg": "cat", "cat/1.jpg": "cat", "dog/0.jpg": "dog"}


def test_a_class_is_its_folder_and_classes_are_numbered_by_name(tmp_path: Path) -> None:
    class_folders(tmp_path, {"dog": 1, "cat": 2})
    (tmp_path / "cat" / "notes.txt").touch()
    source = open_class_folders(tmp_path, None)
    assert source.classes == ["cat", "dog"]
    assert source.files == ["cat/", "dog/"]
    assert listed(tmp_path) == EXPECTED


@pytest.mark.parametrize("name", ["pets.zip", "pets.tgz"])
def test_class_folders_may_be_in_an_archive(tmp_path: Path, name: str) -> None:
    files = {path: photo(seed) for seed, path in enumerate(EXPECTED)}
    if name.endswith(".zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for path, data in files.items():
                archive.writestr(path, data)
    else:
        tgz(tmp_path / name, files)
    assert listed(tmp_path) == {f"pets/{path}": label for path, label in EXPECTED.items()}


def test_an_archive_a_class_is_the_same_as_a_folder_a_class(tmp_path: Path) -> None:
    """Some are packed with their folder, some without."""
    tgz(tmp_path / "cat.tgz", {"0.jpg": photo(1), "1.jpg": photo(2)})
    tgz(tmp_path / "dog.tgz", {"dog/0.jpg": photo(3)})
    assert listed(tmp_path) == EXPECTED


def test_folders_around_the_classes_do_not_matter(tmp_path: Path) -> None:
    """As in copies of Stanford Cars that come as train/<class> and test/<class>."""
    class_folders(tmp_path / "train", {"dog": 1, "cat": 2})
    class_folders(tmp_path / "test", {"dog": 1})
    assert set(listed(tmp_path).values()) == {"cat", "dog"}


def test_a_photo_in_no_folder_is_listed_and_refused(tmp_path: Path) -> None:
    class_folders(tmp_path, {"dog": 1, "cat": 2})
    (tmp_path / "stray.jpg").write_bytes(photo(9))
    assert listed(tmp_path) == EXPECTED | {"stray.jpg": "unlisted-file"}


def test_an_unsafe_member_is_refused_and_makes_no_class(tmp_path: Path) -> None:
    class_folders(tmp_path, {"dog": 1, "cat": 2})
    tgz(tmp_path / "evil.tgz", {"../../evil/1.jpg": photo(1)})
    assert open_class_folders(tmp_path, None).classes == ["cat", "dog"]
    assert "unsafe-member" in listed(tmp_path).values()


def test_photos_of_classes_that_are_not_wanted_are_not_listed(tmp_path: Path) -> None:
    class_folders(tmp_path, {"dog": 1, "cat": 2, "cow": 1})
    assert set(listed(tmp_path, "cow,dog").values()) == {"cow", "dog"}


def test_a_folder_without_photos_is_an_error(tmp_path: Path) -> None:
    class_folders(tmp_path, {"dog": 1, "cat": 2, "cow": 0})
    with pytest.raises(ProgramError, match="class folder cow has no images"):
        listed(tmp_path)


def test_a_source_of_no_photos_says_how_to_lay_them_out(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").touch()
    with pytest.raises(ProgramError, match="put each class's photos in a folder"):
        listed(tmp_path)

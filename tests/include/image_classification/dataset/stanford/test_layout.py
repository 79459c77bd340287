"""The layout stanford_cars: files, rows and errors."""

from pathlib import Path

import pytest

from include.contracts.dataset import Box
from include.image_classification.container import CommandError
from include.image_classification.dataset.stanford.layout import open_stanford_cars
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo
from tests.include.image_classification.dataset.sample_sources import (
    BOX,
    annotations,
    devkit,
    meta,
    photo,
    single_file,
    stanford,
    table,
    tgz,
)
from tests.include.image_classification.dataset.stanford.listing import CLASSES, labelled, listed


def test_class_numbers_from_1_become_labels_from_0(tmp_path: Path) -> None:
    rows = [("1.jpg", 1), ("2.jpg", 2)]
    expected = [("cars_train/1.jpg", "Audi"), ("cars_train/2.jpg", "BMW")]
    assert listed(labelled(tmp_path, rows, ["1.jpg", "2.jpg"])) == expected


def test_a_single_row_is_read(tmp_path: Path) -> None:
    """An array of one row is read as a scalar."""
    assert listed(labelled(tmp_path, [("1.jpg", 2)], ["1.jpg"])) == [("cars_train/1.jpg", "BMW")]


def test_rows_and_photos_that_do_not_match_are_listed_with_the_reason(tmp_path: Path) -> None:
    rows = [
        ("1.jpg", 1), ("2.jpg", 3), ("3.jpg", 0), ("4.jpg", 1), ("4.jpg", 2), ("5.jpg", 2),
        ("5.jpg", 2), ("6.jpg", 1),
    ]  # fmt: skip
    photos = ["1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg", "7.jpg", "notes.txt"]
    assert listed(labelled(tmp_path, rows, photos)) == [
        ("cars_train/1.jpg", "Audi"),
        ("cars_train/2.jpg", "label-out-of-range"),
        ("cars_train/3.jpg", "label-out-of-range"),
        ("cars_train/4.jpg", "conflicting-labels"),
        ("cars_train/4.jpg", "conflicting-labels"),
        ("cars_train/5.jpg", "BMW"),
        ("cars_train/5.jpg", "listed-twice"),
        ("cars_train/6.jpg", "missing-file"),
        ("cars_train/7.jpg", "unlisted-file"),
    ]


def test_photos_and_devkit_may_be_folders(tmp_path: Path) -> None:
    (tmp_path / "cars_train").mkdir()
    (tmp_path / "cars_train" / "1.jpg").write_bytes(photo(1))
    (tmp_path / "devkit").mkdir()
    (tmp_path / "devkit" / "cars_meta.mat").write_bytes(meta(CLASSES))
    (tmp_path / "devkit" / "cars_train_annos.mat").write_bytes(annotations([("1.jpg", 1)]))
    assert listed(tmp_path) == [("cars_train/1.jpg", "Audi")]
    assert open_stanford_cars(tmp_path, None).files == [
        "cars_train/", "devkit/cars_train_annos.mat", "devkit/cars_meta.mat",
    ]  # fmt: skip


def test_an_archive_packed_without_its_folder_is_read(tmp_path: Path) -> None:
    tgz(tmp_path / "cars_train.tgz", {"./1.jpg": photo(1)})
    devkit(tmp_path, [("1.jpg", 1)], CLASSES)
    assert listed(tmp_path) == [("cars_train/1.jpg", "Audi")]


def test_other_archives_and_a_second_devkit_are_ignored(tmp_path: Path) -> None:
    """A devkit in a folder may belong to other photos than those next to it."""
    stanford(tmp_path)
    tgz(tmp_path / "cars_fullres.tgz", {"cars_fullres/00001.jpg": photo(1)})
    (tmp_path / "original_devkit").mkdir()
    (tmp_path / "original_devkit" / "cars_train_annos.mat").write_bytes(annotations([]))
    source = open_stanford_cars(tmp_path, None)
    assert source.files == ["cars_train.tgz", "car_devkit.tgz"]
    assert source.left_alone == ["cars_fullres.tgz", "original_devkit/"]
    assert len(list(source.entries)) == 10


def test_photos_of_classes_that_are_not_selected_are_skipped(tmp_path: Path) -> None:
    stanford(tmp_path, per_class=2, classes=("Audi", "BMW", "Chevrolet"))
    assert {label for _, label in listed(tmp_path, "1,3")} == {"Audi", "Chevrolet"}
    assert len(listed(tmp_path, "1,3")) == 4


def with_test_set(folder: Path) -> Path:
    """Write two train and two test photos with the same file names in both sets."""
    names = ("1.jpg", "2.jpg")
    for seed, photo_set in enumerate(("cars_train", "cars_test")):
        photos = {f"{photo_set}/{name}": photo(10 * seed + int(name[0])) for name in names}
        tgz(folder / f"{photo_set}.tgz", photos)
    devkit(folder, [("1.jpg", 1), ("2.jpg", 2)], CLASSES)
    return folder


def test_test_photos_without_labels_are_ignored_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As published: the 8,041 photos without labels are not quarantined."""
    with_test_set(tmp_path)
    unlabelled = table((*BOX, "fname"), [(1, 1, 2, 2, "1.jpg"), (1, 1, 2, 2, "2.jpg")])
    (tmp_path / "cars_test_annos.mat").write_bytes(unlabelled)
    assert listed(tmp_path) == [("cars_train/1.jpg", "Audi"), ("cars_train/2.jpg", "BMW")]
    message = "cars_test.tgz is not part of the dataset: its labels are in cars_test_annos_with"
    assert message in caplog.text
    assert "cars_test.tgz" in open_stanford_cars(tmp_path, None).left_alone


@pytest.mark.parametrize("place", ["in the devkit", "next to it"])
def test_test_photos_with_labels_have_the_sources_own_split(tmp_path: Path, place: str) -> None:
    with_test_set(tmp_path)
    labels = annotations([("1.jpg", 2), ("2.jpg", 1)])
    name = "cars_test_annos_withlabels.mat"
    if place == "next to it":
        (tmp_path / name).write_bytes(labels)
    else:
        train = annotations([("1.jpg", 1), ("2.jpg", 2)])
        files = {"cars_meta.mat": meta(CLASSES), "cars_train_annos.mat": train, name: labels}
        tgz(tmp_path / "car_devkit.tgz", files)
    found = [entry for entry in open_stanford_cars(tmp_path, None).entries]
    assert [(p.path, p.label, p.split) for p in found if isinstance(p, Photo)] == [
        ("cars_train/1.jpg", 0, None),
        ("cars_train/2.jpg", 1, None),
        ("cars_test/1.jpg", 1, "test"),
        ("cars_test/2.jpg", 0, "test"),
    ]


def test_test_labels_without_test_photos_are_ignored(tmp_path: Path) -> None:
    stanford(tmp_path, per_class=1)
    labels = annotations([("1.jpg", 2)])
    (tmp_path / "cars_test_annos_withlabels.mat").write_bytes(labels)
    assert len(listed(tmp_path)) == 2
    assert open_stanford_cars(tmp_path, None).left_alone == ["cars_test_annos_withlabels.mat"]


@pytest.mark.parametrize("archived", [True, False])
def test_the_single_file_layout_is_read_with_its_boxes_and_its_test_photos(
    tmp_path: Path, archived: bool
) -> None:
    photos = {f"car_ims/{name}": photo(seed) for seed, name in enumerate(("000001.jpg", "2.jpg"))}
    if archived:
        tgz(tmp_path / "car_ims.tgz", photos)
    else:
        (tmp_path / "car_ims").mkdir()
        for name, data in photos.items():
            (tmp_path / name).write_bytes(data)
    rows = [("000001.jpg", 1, 0), ("2.jpg", 2, 1), ("3.jpg", 2, 1)]
    (tmp_path / "cars_annos.mat").write_bytes(single_file(rows, CLASSES))
    source = open_stanford_cars(tmp_path, None)
    assert source.files == ["car_ims.tgz" if archived else "car_ims/", "cars_annos.mat"]
    assert source.classes == CLASSES
    box = Box(left=2, top=1, right=20, bottom=10)
    first, second, third = source.entries
    assert isinstance(first, Photo)
    assert isinstance(second, Photo)
    assert (first.path, first.label, first.box, first.split) == (
        "car_ims/000001.jpg", 0, box, None,
    )  # fmt: skip
    assert (second.path, second.label, second.split) == ("car_ims/2.jpg", 1, "test")
    assert isinstance(third, Quarantined)
    assert (third.path, third.reason) == ("car_ims/3.jpg", "missing-file")


def test_photos_of_both_layouts_are_ambiguous(tmp_path: Path) -> None:
    stanford(tmp_path, per_class=1)
    tgz(tmp_path / "car_ims.tgz", {})
    files = {"cars_meta.mat": meta(CLASSES), "cars_train_annos.mat": annotations([("1.jpg", 1)])}
    files["cars_annos.mat"] = single_file([("1.jpg", 1, 0)], CLASSES)
    tgz(tmp_path / "car_devkit.tgz", files)
    with pytest.raises(CommandError, match=r"may be in cars_train\.tgz and car_ims\.tgz; keep one"):
        listed(tmp_path)


def test_the_devkit_that_labels_existing_photos_is_used(tmp_path: Path) -> None:
    """An archive takes precedence over a folder only if both match."""
    devkit(tmp_path, [("1.jpg", 1)], CLASSES)
    tgz(tmp_path / "car_ims.tgz", {"car_ims/1.jpg": photo(1)})
    (tmp_path / "cars_annos.mat").write_bytes(single_file([("1.jpg", 2, 0)], CLASSES))
    assert listed(tmp_path) == [("car_ims/1.jpg", "BMW")]
    assert open_stanford_cars(tmp_path, None).left_alone == ["car_devkit.tgz"]


@pytest.mark.parametrize(
    ("named", "label"),
    [
        ("car_devkit.tgz", "Audi"),
        ("other/new_devkit.tgz", "BMW"),
        ("mine/", "BMW"),
        ("mine/cars_train_annos.mat", "BMW"),
    ],
)
def test_a_setting_names_one_of_several_devkits(tmp_path: Path, named: str, label: str) -> None:
    labelled(tmp_path, [("1.jpg", 1)], ["1.jpg"])
    (tmp_path / "other").mkdir()
    (tmp_path / "mine").mkdir()
    files = {"cars_meta.mat": meta(CLASSES), "cars_train_annos.mat": annotations([("1.jpg", 2)])}
    tgz(tmp_path / "other" / "new_devkit.tgz", files)
    for name, data in files.items():
        (tmp_path / "mine" / name).write_bytes(data)
    source = open_stanford_cars(tmp_path, None, named)
    assert [source.classes[p.label] for p in source.entries if isinstance(p, Photo)] == [label]


def test_a_setting_may_name_one_of_two_label_files_in_a_folder(tmp_path: Path) -> None:
    """As in the original devkit, where photos of both layouts are ambiguous."""
    tgz(tmp_path / "car_ims.tgz", {"car_ims/1.jpg": photo(1)})
    tgz(tmp_path / "cars_train.tgz", {"1.jpg": photo(2)})
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "cars_meta.mat").write_bytes(meta(CLASSES))
    (tmp_path / "kit" / "cars_train_annos.mat").write_bytes(annotations([("1.jpg", 1)]))
    (tmp_path / "kit" / "cars_annos.mat").write_bytes(single_file([("1.jpg", 2, 0)], CLASSES))
    with pytest.raises(CommandError, match="may be in"):
        open_stanford_cars(tmp_path, None)
    source = open_stanford_cars(tmp_path, None, "kit/cars_annos.mat")
    assert source.files == ["car_ims.tgz", "kit/cars_annos.mat", "kit/cars_meta.mat"]


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("readme.txt", "name an archive, a folder or a .mat"),
        ("no.tgz", "no such file or folder"),
        ("../x", "not inside"),
        ("/etc", "not inside"),
    ],
)
def test_a_missing_devkit_is_named_with_its_setting(
    tmp_path: Path, named: str, message: str
) -> None:
    stanford(tmp_path)
    (tmp_path / "readme.txt").touch()
    with pytest.raises(
        CommandError, match=rf"--devkit \(source\.devkit\) names '{named}'.*{message}"
    ):
        open_stanford_cars(tmp_path, None, named)


@pytest.mark.parametrize(
    "folders",
    [
        ("cars_train", "cars_test", "devkit", "."),
        ("cars_train/cars_train", "cars_test/cars_test", "car_devkit/devkit", "car_devkit/devkit"),
    ],
)
def test_unpacked_copies_of_other_tools_are_read(
    tmp_path: Path, folders: tuple[str, str, str, str]
) -> None:
    """As unpacked by torchvision, and as in copies of the dataset."""
    train, test, kit, test_labels = (tmp_path / folder for folder in folders)
    for seed, folder in enumerate((train, test, kit)):
        folder.mkdir(parents=True)
        if folder != kit:
            (folder / "1.jpg").write_bytes(photo(seed))
    (kit / "cars_meta.mat").write_bytes(meta(CLASSES))
    (kit / "cars_train_annos.mat").write_bytes(annotations([("1.jpg", 1)]))
    (test_labels / "cars_test_annos_withlabels.mat").write_bytes(annotations([("1.jpg", 2)]))
    (tmp_path / "cars_annos.mat").write_bytes(single_file([("000001.jpg", 1, 0)], CLASSES))
    assert listed(tmp_path) == [("cars_test/1.jpg", "BMW"), ("cars_train/1.jpg", "Audi")]
    assert open_stanford_cars(tmp_path, None).left_alone == ["cars_annos.mat"]

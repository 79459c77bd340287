"""The layout list: rows, roots, class names and errors."""

import importlib.util
import re
import zipfile
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.member import normalize
from include.image_classification.dataset.source.image_lists import open_image_lists
from include.image_classification.dataset.source.labelled import Row
from include.image_classification.dataset.source.list_files import (
    class_names,
    read_rows,
)
from include.image_classification.dataset.version.manifest import Quarantined
from tests.include.image_classification.dataset.sample_sources import photo, tgz

Found = dict[str, tuple[str, str | None]]


def listed(folder: Path, wanted: str | None = None) -> Found:
    """Return the class or the first quarantine reason of each path, and its split."""
    source = open_image_lists(folder, wanted)
    found: Found = {}
    for entry in source.entries:
        if isinstance(entry, Quarantined):
            found.setdefault(entry.path, (entry.reason, None))
        else:
            assert entry.path not in found, "a photo after another of its path would be lost"
            found[entry.path] = source.classes[entry.label], entry.split
    return found


def put(folder: Path, *names: str) -> None:
    for seed, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(photo(seed))


def write_list(file: Path, *rows: tuple[int, str]) -> None:
    """Write a list as MXNet's im2rec.py does."""
    file.write_text(
        "".join(f"{index}\t{label:f}\t{path}\n" for index, (label, path) in enumerate(rows))
    )


def test_a_list_labels_the_photos_in_its_folder(tmp_path: Path) -> None:
    put(tmp_path, "cat/1.jpg", "dog/1.jpg", "dog/2.jpg")
    (tmp_path / "notes.txt").touch()
    write_list(tmp_path / "pets.lst", (1, "dog/1.jpg"), (0, "cat/1.jpg"), (1, "dog/3.jpg"))
    assert listed(tmp_path) == {
        "cat/1.jpg": ("0", None),
        "dog/1.jpg": ("1", None),
        "dog/2.jpg": ("unlisted-file", None),
        "dog/3.jpg": ("missing-file", None),
    }
    source = open_image_lists(tmp_path, None)
    assert source.files == ["cat/", "dog/", "pets.lst"]
    list(source.entries)
    assert source.left_alone == ["notes.txt"]


def test_lists_and_archives_with_the_same_name_are_matched(tmp_path: Path) -> None:
    """As in train.zip and val.zip whose lists have the same file names."""
    for index, part in enumerate(("train", "val")):
        with zipfile.ZipFile(tmp_path / f"{part}.zip", "w") as archive:
            for label, name in enumerate(("cat", "dog")):
                archive.writestr(f"merch_data/{part}/{name}/1.jpg", photo(2 * index + label))
        write_list(tmp_path / f"merch_{part}.lst", (0, "cat/1.jpg"), (1, "dog/1.jpg"))
    assert listed(tmp_path) == {
        "train/cat/1.jpg": ("0", None), "train/dog/1.jpg": ("1", None),
        "val/cat/1.jpg": ("0", "validation"), "val/dog/1.jpg": ("1", "validation"),
    }  # fmt: skip


def test_lists_may_share_one_archive_which_is_read_once(tmp_path: Path) -> None:
    photos = {f"images/{index}.jpg": photo(index) for index in range(4)}
    tgz(tmp_path / "photos.tgz", {**photos, "images/5.jpg": photo(5)})
    write_list(tmp_path / "x_train.lst", (0, "0.jpg"), (1, "1.jpg"))
    write_list(tmp_path / "x_val.lst", (0, "2.jpg"), (1, "0.jpg"))
    write_list(tmp_path / "x_test.lst", (1, "3.jpg"), (1, "1.jpg"))
    assert listed(tmp_path) == {
        "photos/0.jpg": ("conflicting-labels", None),
        "photos/1.jpg": ("1", "test"),
        "photos/2.jpg": ("0", "validation"),
        "photos/3.jpg": ("1", "test"),
        "photos/5.jpg": ("unlisted-file", None),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"), [("classes.txt", "cat\ndog \nemu\n"), ("classes.json", '["cat","dog","emu"]')]
)
def test_class_names_are_read_from_a_file_next_to_the_list(
    tmp_path: Path, name: str, text: str
) -> None:
    put(tmp_path, "1.jpg", "2.jpg", "3.jpg", "4.jpg")
    write_list(
        tmp_path / "a.lst", (0, "1.jpg"), (2, "2.jpg"), (3, "3.jpg"), (-1, "4.jpg"), (1, "../5.jpg")
    )
    (tmp_path / name).write_text(text)
    assert listed(tmp_path) == {
        "1.jpg": ("cat", None), "2.jpg": ("emu", None), "3.jpg": ("label-out-of-range", None),
        "4.jpg": ("label-out-of-range", None), "../5.jpg": ("unsafe-member", None),
    }  # fmt: skip
    assert set(listed(tmp_path, "emu, 1").values()) >= {("cat", None), ("emu", None)}
    assert name in open_image_lists(tmp_path, None).files


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0\t1.0", "line 2 has 2 fields; it needs index, label and path"),
        ("0 1.0 a.jpg", "line 2 has 1 fields"),
        ("0\t1.0\t2.0\ta.jpg", "line 2 has 4 fields"),
        ("x\t1.0\ta.jpg", "line 2: the index 'x' is not a whole number"),
        ("1\tcat\ta.jpg", "line 2: the label 'cat' is not a number such as 3"),
        ("1\t0.5\ta.jpg", "line 2: the label '0.5'"),
        ("1\tnan\ta.jpg", "line 2: the label 'nan'"),
        ("1\t1000000000\ta.jpg", "line 2: the label is 1000000000, but no image has the label 1"),
    ],
)
def test_an_invalid_line_is_named_with_its_file(tmp_path: Path, line: str, message: str) -> None:
    put(tmp_path, "1.jpg")
    (tmp_path / "my.lst").write_text(f"0\t0\t1.jpg\n{line}\n")
    with pytest.raises(CommandError, match=f"my.lst {message}"):
        open_image_lists(tmp_path, None)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"no \.lst file"),
        ({"a.lst": ""}, "a.lst lists no images"),
        ({"a.lst": "0\t0\t1.jpg", "classes.txt": "cat\n\ndog"}, "classes.txt line 2 has no name"),
        ({"a.lst": "0\t0\t1.jpg", "classes.txt": "cat\ncat"}, "line 2 has 'cat' again"),
        (
            {"a.lst": "0\t0\t1.jpg", "classes.json": '{"cat": 0}'},
            "classes.json is not a list of names",
        ),
        ({"a.lst": "0\t0\t1.jpg", "classes.json": "["}, "classes.json cannot be read"),
        ({"a.lst": "0\t0\t1.jpg", "classes.txt": "a", "classes.json": "[]"}, "keep one"),
        ({"a.lst": "0\t0\t1.jpg", "b.zip": "", "c.zip": ""}, r"a.lst may be in b.zip and c.zip"),
        ({"train.lst": "0\t0\t1.jpg", "x_train.zip": "", "y_train.zip": ""}, "x_train.zip and y_"),
    ],
)
def test_an_invalid_source_of_lists_is_one_line_with_the_fix(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(CommandError, match=message):
        open_image_lists(tmp_path, None)


def test_a_list_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.lst"
    file.write_bytes("\ufeff0\t1.000000\tH\u00fctte\\1.jpg\r\n\r\n".encode())
    assert [(row.path, row.number) for row in read_rows(file, "a.lst", None)] == [
        ("Hütte/1.jpg", 1)
    ]


def test_a_name_that_is_not_utf8_is_found(tmp_path: Path) -> None:
    put(tmp_path, "caf\udce9.jpg", "b.jpg")
    (tmp_path / "a.lst").write_bytes(b"0\t0\tcaf\xe9.jpg\n1\t1\tb.jpg\n")
    assert listed(tmp_path) == {"caf\\xe9.jpg": ("0", None), "b.jpg": ("1", None)}


# Names that MXNet itself can read: it strips spaces and splits at tabs and line ends.
NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\\"), min_size=1
).map(lambda name: f"a/x{name}.jpg")


@pytest.fixture(scope="module")
def mxnet_im2rec() -> Any:
    """MXNet's im2rec.py as a module."""
    from include.image_classification.mxnet_import import mx

    file = Path(mx.__file__).parent / "tools" / "im2rec.py"
    spec = importlib.util.spec_from_file_location("mxnet_im2rec", file)
    module = importlib.util.module_from_spec(cast(ModuleSpec, spec))
    cast(Loader, cast(ModuleSpec, spec).loader).exec_module(module)
    return module


@given(st.lists(st.tuples(st.integers(0, 2**31), NAMES, st.integers(0, 1000)), min_size=1))
@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200
)
def test_mxnets_lists_are_read_as_by_mxnet(
    tmp_path: Path, mxnet_im2rec: Any, images: list[tuple[int, str, int]]
) -> None:
    file = tmp_path / "a.lst"
    mxnet_im2rec.write_list(str(file), images)
    rows = read_rows(file, "a.lst", None)
    expected = [(name, label) for _, name, label in mxnet_im2rec.read_list(str(file))]
    assert [(row.path, row.number) for row in rows] == [
        (normalize(name), int(label)) for name, label in expected
    ]
    assert [(row.path, row.number) for row in rows] == [
        (normalize(name), label) for _, name, label in images
    ]


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_text_is_rows_or_one_error_with_file_and_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.lst"
    file.write_bytes((f"0\t0\tx.jpg\n{text}").encode(errors="surrogatepass"))
    try:
        rows = read_rows(file, "a.lst", None)
    except CommandError as error:
        message = str(error)
    else:
        message = "a.lst line 1"
        assert all(row.path for row in rows)
    assert re.match(r"a\.lst line \d+", message)


@given(st.lists(st.integers(0, 5), min_size=1))
@settings(deadline=None)
def test_classes_without_names_are_numbers_without_gaps(labels: list[int]) -> None:
    rows = [Row(f"line {number}", "x", number) for number in labels]
    if set(labels) == set(range(max(labels) + 1)):
        assert class_names([], rows) == [str(number) for number in range(max(labels) + 1)]
    else:
        with pytest.raises(CommandError, match="without gaps"):
            class_names([], rows)

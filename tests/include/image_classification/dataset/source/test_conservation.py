"""No file of a source is lost: found = listed + quarantined + label files + left alone.

Trees are generated: folders named after classes, splits, parts and systems, odd names and suffixes,
photos and damaged ones, links, archives, and archives in archives.
"""

import io
import os
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from include.image_classification.dataset.archives.member import normalize
from include.image_classification.dataset.archives.system_names import is_system_path
from include.image_classification.dataset.layouts import open_layout
from include.image_classification.dataset.source.contract import Source
from tests.include.image_classification.dataset.sample_sources import annotations, meta, photo

PHOTOS = [photo(seed, 16, 16) for seed in range(3)]
CONTENTS = st.sampled_from([*PHOTOS, PHOTOS[0][:40], b"", b"text", b"\0\0\0\x1cftypavif"])
FOLDERS = st.sampled_from(
    [
        "cat", "dog", "Cat", "cat ", "indoor", "train", "Testing", "seg_pred", "images", ".git",
        "$RECYCLE.BIN", "@eaDir", "caf\u00e9", "cafe\u0301", "a b", "-x", "x'y", "'; rm", "%2e",
        "new\nline", "caf\udce9",
    ]
)  # fmt: skip
STEMS = st.sampled_from(["1", "2", "a b", ".hidden", "caf\u00e9", "x.y", "caf\udce9", "#1"])
SUFFIXES = st.sampled_from(
    [".jpg", ".PNG", ".avif", ".heif", ".jp2", ".jxl", ".mpo", ".ppm", ".txt", ".mp4", "", ".odd"]
)
NAMES = st.builds(str.__add__, STEMS, SUFFIXES)
PATHS = st.builds(
    lambda folders, name: "/".join([*folders, name]), st.lists(FOLDERS, max_size=3), NAMES
)
FILES = st.dictionaries(PATHS, CONTENTS, max_size=8)
ARCHIVES = st.dictionaries(
    st.builds(
        lambda folders, name: "/".join([*folders, name]),
        st.lists(FOLDERS, max_size=1),
        st.sampled_from(["pets.zip", "cat.tgz", "test.zip", "more.tar", "download", "x.zip.1"]),
    ),
    st.builds(
        lambda files, inner: files | {name: b"PK" for name in inner},
        st.dictionaries(PATHS, CONTENTS, min_size=1, max_size=8),
        st.lists(st.sampled_from(["in.zip", "cat/in.tgz"]), max_size=1),
    ),
    max_size=2,
)
LINKS = st.dictionaries(PATHS, st.sampled_from(["dog", "dog/0.jpg", "nowhere"]), max_size=2)


@dataclass
class Tree:
    """A source of files, archives by their members, and links."""

    files: Mapping[str, bytes]
    archives: Mapping[str, Mapping[str, bytes]]
    links: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """Write the tree; what cannot exist beside what was written before is left out."""
        for name, data in self.files.items():
            _put(folder / name, data)
        for name, members in self.archives.items():
            _put(folder / name, _packed(name, members))
        for name, target in self.links.items():
            path = folder / name
            if _free(path):
                path.symlink_to(folder / target)
        for top, folders, _ in os.walk(folder):
            # An empty class folder is an error.
            for below in folders:
                _put(Path(top, below, "notes.txt"), b"")


def _free(path: Path) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return not path.exists() and not path.is_symlink()
    except OSError:
        return False


def _put(path: Path, data: bytes) -> None:
    if _free(path):
        path.write_bytes(data)


def _packed(name: str, members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    if ".zip" in name:
        with zipfile.ZipFile(file, "w") as archive:
            for member, data in members.items():
                archive.writestr(_in_utf8(member), data)
    else:
        with tarfile.open(fileobj=file, mode="w:gz" if name.endswith(".tgz") else "w") as tar:
            for member, data in members.items():
                info = tarfile.TarInfo(member)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def _in_utf8(name: str) -> str:
    return name.replace("\udce9", "e")


def objects(folder: Path) -> Iterator[str]:
    """Yield the path of every file, counted without the code under test."""
    for top, folders, names in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(top, name))]
        for name in (*names, *links):
            path = Path(top, name)
            relative = normalize(path.relative_to(folder).as_posix())
            members = None if is_system_path(relative) else _members(path, Path(top) == folder)
            if members is None:
                yield relative
            else:
                yield from (f"{relative}/{member}" for member in members)


def _members(path: Path, top: bool) -> list[str] | None:
    """Return the members of an archive that is opened: by its name, or at the top its content."""
    named = path.name.endswith((".zip", ".tgz", ".tar"))
    if path.is_symlink() or not (named or (top and path.name in ("download", "x.zip.1"))):
        return None
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    with tarfile.open(path) as tar:
        return tar.getnames()


def check_account(source: Source, folder: Path, files_in_entries: int | None = None) -> None:
    """Read a source, and check that its account is whole and that every name is given."""
    entries = list(source.entries)
    account = source.accounting
    every = list(objects(folder))
    assert account.found == len(every)
    passed_on = len(entries) if files_in_entries is None else files_in_entries
    assert account.passed_on == passed_on
    assert account.found == account.passed_on + account.label_files + account.left_alone.count
    assert account.left_alone.count == 0 or source.left_alone


TREES = st.builds(Tree, FILES, ARCHIVES, LINKS)
BASE = {f"{name}/{number}.jpg": PHOTOS[number] for name in ("cat", "dog") for number in range(2)}


@given(TREES)
@settings(deadline=None, max_examples=60)
def test_every_file_of_class_folders_is_accounted_for(tree: Tree) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Tree(BASE | dict(tree.files), tree.archives, tree.links).write(folder)
        check_account(open_layout("class_folders", folder, None, None), folder)


@given(FILES, LINKS, st.data())
@settings(deadline=None, max_examples=40)
def test_every_file_beside_a_list_is_accounted_for(
    files: Mapping[str, bytes], links: Mapping[str, str], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Tree(BASE | dict(files), {}, links).write(folder)
        existing = sorted(path for path in objects(folder) if not is_system_path(path))
        rows = data.draw(st.lists(st.sampled_from([*existing, "missing.jpg"]), max_size=8))
        rows = [path for path in rows if "\n" not in path and "\\" not in path]
        lines = [f"{index}\t{index % 3}\t{path}\n" for index, path in enumerate(rows)]
        (folder / "all.lst").write_text("9\t0\tcat/0.jpg\n9\t1\tdog/0.jpg\n" + "".join(lines))
        (folder / "classes.txt").write_text("cat\ndog\n")
        source = open_layout("list", folder, None, None)
        listed = {entry.path for entry in open_layout("list", folder, None, None).entries}
        every = list(objects(folder))
        check_account(source, folder, sum(path in listed for path in every))


@given(FILES, st.lists(st.sampled_from(["1.jpg", "2.jpg", "3.jpg", "4.avif"]), max_size=6))
@settings(deadline=None, max_examples=25)
def test_every_file_of_an_archive_of_stanford_cars_is_accounted_for(
    files: Mapping[str, bytes], rows: list[str]
) -> None:
    photos = {f"cars_train/cars_train/{number}.jpg": PHOTOS[number] for number in (0, 1, 2)}
    kit = {
        "devkit/cars_meta (1).mat": meta(["Audi", "BMW"]),
        "devkit/cars_train_annos.mat": annotations(
            [
                ("0.jpg", 1),
                ("1.jpg", 2),
                *((name, 1 + index % 3) for index, name in enumerate(rows)),
            ]
        ),
        "cars_test/1.jpg": PHOTOS[0],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Tree(files, {"archive.zip": photos | kit | dict(files)}, {}).write(folder)
        source = open_layout("stanford_cars", folder, None, None)
        listed = {entry.path for entry in open_layout("stanford_cars", folder, None, None).entries}
        passed_on = [
            path
            for path in objects(folder)
            if path.replace("archive.zip/cars_train/cars_train", "cars_train") in listed
        ]
        check_account(source, folder, len(passed_on))

"""Dataset versions: rows, files, and the hash that is the version's name."""

import dataclasses
import functools
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from include.contracts import files
from include.contracts.dataset import (
    CONVERTED,
    EVALUATED,
    Box,
    LabelSource,
    ManifestRow,
    Reason,
    Split,
)
from include.contracts.records.samples import SampleCollector
from include.image_classification.container import CommandError
from include.image_classification.dataset.version.atomic_files import (
    open_atomically,
    write_atomically,
)


@dataclasses.dataclass(frozen=True)
class Cut:
    """The origin of a cropped image: the hash of the photo, and the part that was kept."""

    photo_sha256: str
    box: Box


@dataclasses.dataclass(frozen=True, slots=True)
class Image:
    """One image of a version.

    Attributes:
        path: The path in the source, unique within a version.
        sha256: The hash of the bytes, in hex.
        size: The number of bytes.
        width: The width in pixels as stored, before EXIF orientation is applied.
        height: The height in pixels as stored.
        label: The class, an index into the version's classes.
        split: The split.
        key: The path in the folder of images.
        cut: The photo and box that the image was cropped from, or None for a whole photo.
        label_source: The user who gave the class in labels/, or None if the source gave it.
    """

    path: str
    sha256: str
    size: int
    width: int
    height: int
    label: int
    split: Split
    key: str
    cut: Cut | None = None
    label_source: LabelSource | None = None

    def row(self) -> ManifestRow:
        """Return the image's row in the manifest, without `cut` and `label_source` if None."""
        # dataclasses.asdict makes deep copies, which takes seconds for a large version.
        row = {name: getattr(self, name) for name in self.__slots__}
        cut = row.pop("cut")
        if cut:
            row["cut"] = dataclasses.asdict(cut)
        if self.label_source is None:
            del row["label_source"]
        return cast("ManifestRow", row)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Image":
        """Return the image of a row of the manifest.

        Raises:
            TypeError, KeyError: A field is missing or unknown.
        """
        cut = row.get("cut")
        # Otherwise each image would hold a text of its own for its split.
        split = sys.intern(row["split"])
        box = cut and Cut(cut["photo_sha256"], Box(**cut["box"]))
        return cls(**{**row, "split": split, "cut": box})


@dataclasses.dataclass(frozen=True)
class Quarantined:
    """An entry of the source that is excluded from the version, with the reason.

    `reason` is a slug, `detail` is for users. `sha256` is None if nothing was read. `key` is the
    file's path in the quarantine folder.
    """

    path: str
    sha256: str | None
    reason: Reason
    detail: str
    key: str | None = None


@dataclasses.dataclass(frozen=True)
class Duplicate:
    """A photo that is identical to the photo `kept`, with the same label.

    `note` is for users: whether the source has the photo in two of its splits.
    """

    path: str
    sha256: str
    kept: str
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Version:
    """An immutable dataset version: images sorted by path, and classes in label order."""

    images: Sequence[Image]
    classes: Sequence[str]

    @functools.cached_property
    def name(self) -> str:
        """The first 16 hex digits of the hash over all images and classes."""
        digest = _version_digest(self.classes)
        for image in self.images:
            digest.update(_line(image.row()))
        return _version_name(digest)

    def split(self, split: Split) -> list[Image]:
        """Return the images of a split, sorted by path."""
        return [image for image in self.images if image.split == split]


def quarantine_key(sha256: str) -> str:
    """Return the path in the quarantine folder of a file with this hash."""
    return f"{sha256[:2]}/{sha256}"


def image_key(sha256: str, suffix: str) -> str:
    """Return the path in the folder of images of an image with this hash."""
    return f"{sha256[:2]}/{sha256}.{suffix}"


def write_version(
    folder: Path,
    version: Version,
    quarantined: Iterable[Quarantined],
    duplicates: Iterable[Duplicate],
) -> None:
    """Create a version's folder and write all its files except dataset.json."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / files.MANIFEST, (image.row() for image in version.images))
    write_rows(folder / "quarantine.jsonl", map(dataclasses.asdict, quarantined))
    write_rows(folder / "duplicates.jsonl", map(dataclasses.asdict, duplicates))
    write_json(folder / files.CLASS_NAMES, list(version.classes))
    samples = SampleCollector()
    for image in version.images:
        samples.add(image.split, image.key, image.size, image.label)
    write_json(folder / files.SAMPLES, samples.samples().as_json())


def write_manifests(folder: Path, version: Version, images_uri: str) -> None:
    """Write the S3 manifests of the images to convert, and of the splits to evaluate on.

    Args:
        folder: The version's folder.
        version: The version.
        images_uri: The s3:// folder of the images, with a trailing slash.
    """
    written: dict[str, Sequence[Split]] = {
        files.CONVERSION_MANIFEST: CONVERTED,
        **{files.SPLIT_MANIFEST.format(split=split): [split] for split in EVALUATED},
    }
    for name, splits in written.items():
        keys = {image.key for split in splits for image in version.split(split)}
        _write_manifest(folder / name, images_uri, sorted(keys))


def _write_manifest(path: Path, images_uri: str, keys: Iterable[str]) -> None:
    with open_atomically(path) as file:
        file.write(b"[" + json.dumps({"prefix": images_uri}).encode())
        file.writelines(b",\n" + json.dumps(key).encode() for key in keys)
        file.write(b"]\n")


class VersionFiles:
    """A version's files, read image by image in constant memory.

    Attributes:
        name: The version's name, from dataset.json.
        classes: The class names in label order.
    """

    def __init__(self, folder: Path) -> None:
        """Read all files except the manifest.

        Raises:
            CommandError: A file is missing or damaged.
        """
        self._folder = folder
        with self._name_damage():
            self.classes: list[str] = json.loads((folder / files.CLASS_NAMES).read_text("utf-8"))
            self.name: str = json.loads((folder / files.DATASET).read_text("utf-8"))["version"]

    def images(self) -> Iterator[Image]:
        """Yield the images, sorted by path.

        Raises:
            CommandError: The manifest is missing or damaged or, after the last image, does not
                match the version's name.
        """
        digest = _version_digest(self.classes)
        with self._name_damage(), (self._folder / files.MANIFEST).open("rb") as file:
            for line in file:
                image = Image.from_row(json.loads(line))
                digest.update(_line(image.row()))
                yield image
        if _version_name(digest) != self.name:
            raise CommandError(
                f"the files in {self._folder} do not match the dataset version {self.name};"
                " refresh the dataset again"
            )

    @contextmanager
    def _name_damage(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            name = Path(cast(str, error.filename)).name
            message = f"the dataset version in {self._folder} has no {name}"
            raise CommandError(message) from error
        except (ValueError, TypeError, KeyError) as error:
            raise CommandError(
                f"the dataset version in {self._folder} is damaged ({error}); refresh the dataset"
                " again"
            ) from error


def read_version(folder: Path) -> Version:
    """Read a version's files from a folder.

    Raises:
        CommandError: A file is missing or damaged, or the files do not match the name in
            dataset.json.
    """
    files = VersionFiles(folder)
    return Version(list(files.images()), files.classes)


def write_json(path: Path, value: Mapping[str, Any] | list[str]) -> None:
    """Write an indented JSON document atomically."""
    write_atomically(path, (json.dumps(value, indent=2) + "\n").encode())


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a file with one JSON document a line atomically."""
    with open_atomically(path) as file:
        file.writelines(map(_line, rows))


def read_rows(path: Path) -> Iterator[Any]:
    """Yield the rows of a file with one JSON document a line, in constant memory.

    Raises:
        ValueError: A line is not JSON.
        FileNotFoundError: The file does not exist.
    """
    with path.open("rb") as lines:
        yield from map(json.loads, lines)


def _version_digest(classes: Sequence[str]) -> "hashlib._Hash":
    return hashlib.sha256(_line(list(classes)))


def _version_name(digest: "hashlib._Hash") -> str:
    return digest.hexdigest()[:16]


def _line(value: object) -> bytes:
    # ASCII, because names from old archives may contain bytes that UTF-8 cannot represent.
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode("ascii") + b"\n"

"""What a data set version is: its rows, its files, and the hash that names it."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from include.contracts.dataset import CONVERTED, Box, Reason, Split
from include.image_classification.container import ProgramError
from include.image_classification.dataset.version.atomic_files import write_whole, writing_whole


@dataclasses.dataclass(frozen=True)
class Cut:
    """Where an image was cut from a larger photo: the photo's hash, and the part that was kept."""

    photo_sha256: str
    box: Box


@dataclasses.dataclass(frozen=True, slots=True)
class Image:
    """One image of a version: where it came from, what it holds, how it is used.

    Attributes:
        path: Its name in the source, unique within a version.
        sha256: Of its bytes, in hex.
        size: Of its bytes.
        width: In pixels as stored, before any EXIF orientation.
        height: In pixels as stored.
        label: The class, an index into the version's classes.
        split: The part of the data that it belongs to.
        key: Where its bytes are, relative to the folder of images.
        cut: What it was cut from, or None for a photo as the source holds it.
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

    def row(self) -> dict[str, Any]:
        """The image as the manifest holds it; what is None is left out."""
        # dataclasses.asdict copies every value deeply, which takes seconds for a large version.
        row = {name: getattr(self, name) for name in self.__slots__}
        cut = row.pop("cut")
        return row | {"cut": dataclasses.asdict(cut)} if cut else row

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Image":
        """The image of a manifest's row.

        Raises:
            TypeError: A field is missing or unknown.
        """
        cut = row.get("cut")
        return cls(**{**row, "cut": cut and Cut(cut["photo_sha256"], Box(**cut["box"]))})


@dataclasses.dataclass(frozen=True)
class Quarantined:
    """Something the source lists that is kept out of the version, and why.

    The reason is a short slug, the same for all of a kind; the detail is for a person. The hash
    is missing where nothing was read. The key says where the file's bytes are kept, relative to
    the quarantine's folder.
    """

    path: str
    sha256: str | None
    reason: Reason
    detail: str
    key: str | None = None


@dataclasses.dataclass(frozen=True)
class Duplicate:
    """A photo whose bytes, under the same label, are already in the version as `kept`.

    The note says what else a person should know: that the source had them in two of its splits.
    """

    path: str
    sha256: str
    kept: str
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Version:
    """An immutable data set version: its images by path, and its classes in label order."""

    images: Sequence[Image]
    classes: Sequence[str]

    @property
    def name(self) -> str:
        """The first 16 hex digits of the hash over all images and classes."""
        digest = _version_digest(self.classes)
        for image in self.images:
            digest.update(_line(image.row()))
        return _version_name(digest)

    def split(self, split: Split) -> list[Image]:
        """The images of one split, by path."""
        return [image for image in self.images if image.split == split]


def quarantine_key(sha256: str) -> str:
    """Where a refused file with this hash lies, relative to the quarantine's folder."""
    return f"{sha256[:2]}/{sha256}"


def image_key(sha256: str, suffix: str) -> str:
    """Where an image with this hash lies, relative to the folder of images."""
    return f"{sha256[:2]}/{sha256}.{suffix}"


def write_version(
    folder: Path,
    version: Version,
    quarantined: Iterable[Quarantined],
    duplicates: Iterable[Duplicate],
) -> None:
    """Write all files of a version but its dataset.json into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / "manifest.jsonl", (image.row() for image in version.images))
    write_rows(folder / "quarantine.jsonl", map(dataclasses.asdict, quarantined))
    write_rows(folder / "duplicates.jsonl", map(dataclasses.asdict, duplicates))
    write_json(folder / "classes.json", list(version.classes))


def write_conversion_manifest(folder: Path, version: Version, images_uri: str) -> None:
    """Write the S3 manifest of the images that become records, for the conversion's input.

    Args:
        folder: The version's folder.
        version: The version.
        images_uri: The s3:// folder that the images' keys are relative to, with its slash.
    """
    keys = {image.key for split in CONVERTED for image in version.split(split)}
    with writing_whole(folder / "conversion.manifest") as file:
        file.write(b"[" + json.dumps({"prefix": images_uri}).encode())
        file.writelines(b",\n" + json.dumps(key).encode() for key in sorted(keys))
        file.write(b"]\n")


class VersionFiles:
    """A version's files, to be read image by image: memory need not hold them all.

    Attributes:
        name: What the dataset.json beside them says.
        classes: The class names in label order.
    """

    def __init__(self, folder: Path) -> None:
        """Read all but the manifest.

        Raises:
            ProgramError: A file is missing or is not what `write_version` writes.
        """
        self._folder = folder
        with self._damage_named():
            self.classes: list[str] = json.loads((folder / "classes.json").read_text("utf-8"))
            self.name: str = json.loads((folder / "dataset.json").read_text("utf-8"))["version"]

    def images(self) -> Iterator[Image]:
        """Yield the images by path.

        Raises:
            ProgramError: The manifest is missing or damaged, or, when all are read, it turns out to
                be that of another version.
        """
        digest = _version_digest(self.classes)
        with self._damage_named(), (self._folder / "manifest.jsonl").open("rb") as file:
            for line in file:
                image = Image.from_row(json.loads(line))
                digest.update(_line(image.row()))
                yield image
        if _version_name(digest) != self.name:
            raise ProgramError(
                f"the files in {self._folder} are not those of data set version {self.name};"
                " refresh it again"
            )

    @contextmanager
    def _damage_named(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            name = Path(cast(str, error.filename)).name
            message = f"the data set version in {self._folder} has no {name}"
            raise ProgramError(message) from error
        except (ValueError, TypeError, KeyError) as error:
            raise ProgramError(
                f"the data set version in {self._folder} is damaged ({error}); refresh it again"
            ) from error


def read_version(folder: Path) -> Version:
    """Read a version's files from a folder.

    Raises:
        ProgramError: A file is missing or is not what `write_version` writes, or the files do
            not add up to the version that the dataset.json beside them names.
    """
    files = VersionFiles(folder)
    return Version(list(files.images()), files.classes)


def write_json(path: Path, value: Mapping[str, Any] | list[str]) -> None:
    """Write a JSON document for people and programs: indented, ending in a newline; or nothing."""
    write_whole(path, (json.dumps(value, indent=2) + "\n").encode())


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a file of one JSON document a line, or none at all."""
    with writing_whole(path) as file:
        file.writelines(map(_line, rows))


def read_rows(path: Path) -> list[Any]:
    """Read what `write_rows` writes.

    Raises:
        ValueError: It is something else.
        FileNotFoundError: It is not there.
    """
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _version_digest(classes: Sequence[str]) -> "hashlib._Hash":
    return hashlib.sha256(_line(list(classes)))


def _version_name(digest: "hashlib._Hash") -> str:
    return digest.hexdigest()[:16]


def _line(value: object) -> bytes:
    # ASCII: names from old archives may hold what UTF-8 cannot say.
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode("ascii") + b"\n"

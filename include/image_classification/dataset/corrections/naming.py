"""Find the photo that each label means, by the hash of its bytes.

A label that names its photo by a file means the file that existed when the label was given.
Once a refresh has found this photo, the label ledger keeps its hash.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

from include.contracts.label_photos import LocatedPhoto, label_number
from include.contracts.records.label import IMAGES, INCOMING
from include.image_classification.dataset.corrections.opinions import Opinion
from include.image_classification.dataset.version.manifest import Image, Quarantined

_STORED = re.compile(rf"{IMAGES}[0-9a-f]{{2}}/([0-9a-f]{{64}})(\.[a-z]+)?")
_PATH = "path:"


@dataclass(frozen=True, slots=True)
class Unfound:
    """Why the photo of a label is not found; `kind` is for counts."""

    kind: Literal["gone", "pending"]
    detail: str


def path_id(path: str) -> str:
    """Return the identity of a photo whose bytes are unknown yet, by its path in the dataset."""
    return f"{_PATH}{unicodedata.normalize('NFC', path)}"


def name_of(opinion: Opinion) -> str:
    """Return the name by which a label names its photo, as in the label ledger."""
    return opinion.file or opinion.sha256 or ""


@dataclass
class PhotoNames:
    """The hashes of the photos that labels name.

    Attributes:
        folder: The labelled photos that the job has, in folders as in the pipeline's folder.
        located: The incoming photos that the refresh's plan has looked up, by file.
        bound: The hashes by the numbers of labels (`label_number`), from the label ledger; the
            labels that are found are added.
        hashes: The hashes of the files in `folder`, as far as they were needed.
    """

    folder: Path
    located: Mapping[str, LocatedPhoto]
    bound: dict[int, str]
    hashes: dict[str, str] = field(default_factory=dict)
    _paths: dict[str, str] = field(default_factory=dict)
    _photos: dict[str, str] = field(default_factory=dict)

    def index_previous(
        self,
        opinions: Iterable[Opinion],
        images: Iterable[Image],
        quarantined: Iterable[Quarantined],
    ) -> None:
        """Note the photos of the previous version that these opinions name.

        Args:
            opinions: The opinions.
            images: The previous version's images; they can be read twice.
            quarantined: The previous version's quarantined photos.
        """
        paths = {path_id(opinion.file) for opinion in opinions if opinion.file}
        hashes = {sha for opinion in opinions if (sha := _given_hash(opinion))}
        hashes.update(self.bound.values())
        cut: dict[str, str] = {}
        for image in images:
            named = path_id(image.path) in paths
            if named:
                self._paths[path_id(image.path)] = image.sha256
            if image.cut and (named or image.sha256 in hashes):
                cut[image.sha256] = image.cut.photo_sha256
        for row in quarantined:
            if row.sha256 and (name := path_id(row.path)) in paths:
                self._paths.setdefault(name, row.sha256)
        self._photos = _only_cuts(cut, images)

    def find(self, opinion: Opinion) -> str | Unfound:
        """Return a photo's hash, `path_id` of a path to be found in the source, or why not."""
        number = label_number(name_of(opinion), opinion.who, opinion.when)
        if bound := self.bound.get(number):
            self.bound[number] = self._photos.get(bound, bound)
            return self.bound[number]
        given, file = _given_hash(opinion), opinion.file or ""
        if given:
            found: str | Unfound = given
        elif file.startswith(INCOMING):
            found = self._find_incoming(opinion, file)
        elif file.startswith("s3://"):
            found = Unfound("gone", f"{file} is not in incoming/, images/ or the source")
        else:
            found = self._paths.get(path_id(file), path_id(file))
        if isinstance(found, Unfound) or found.startswith(_PATH):
            return found
        photo = self._photos.get(found, found)
        if photo != given:
            self.bound[number] = photo
        return photo

    def bind(self, opinion: Opinion, sha256: str) -> None:
        """Note the image of a label that named a path of the source."""
        self.bound[label_number(name_of(opinion), opinion.who, opinion.when)] = sha256

    def _find_incoming(self, opinion: Opinion, file: str) -> str | Unfound:
        photo = self.located.get(file)
        if photo is None:
            return Unfound("pending", "the label came after this refresh was planned")
        etag, modified = photo["etag"], photo["modified"]
        if etag is None or modified is None:
            return self._joined(file, f"{file} does not exist any more")
        if opinion.etag:
            if opinion.etag.strip('"') == etag.strip('"'):
                return self._planned(file, photo)
            return Unfound("gone", f"{file} holds another photo than the one that was labelled")
        if opinion.moment < datetime.fromisoformat(modified).timestamp():
            return self._joined(
                file,
                f"{file} was uploaded at {modified}, after the label was given: it may be another "
                "photo; name it by its sha256 or etag",
            )
        return self._planned(file, photo)

    def _planned(self, file: str, photo: LocatedPhoto) -> str | Unfound:
        """Return the photo of a file, unless it was replaced between the plan and this job."""
        checked = file in self.hashes  # a file is hashed for the first label that means it
        if not checked and not _is_planned(self.folder / file, photo):
            return Unfound("pending", f"{file} was replaced after this refresh was planned")
        return self.hash_of(file)

    def _joined(self, file: str, problem: str) -> str | Unfound:
        """Return the photo that joined the dataset from this file before the file changed."""
        return self._paths.get(path_id(file)) or Unfound("gone", problem)

    def hash_of(self, file: str) -> str:
        """Return the hash of a labelled photo, which is read once."""
        if file not in self.hashes:
            with (self.folder / file).open("rb") as content:
                self.hashes[file] = hashlib.file_digest(content, "sha256").hexdigest()
        return self.hashes[file]


def _is_planned(path: Path, photo: LocatedPhoto) -> bool:
    """Return whether a file has the size and, where it is known, the MD5 that the plan noted."""
    size, md5 = photo.get("size"), photo.get("md5")
    if size not in (None, path.stat().st_size):
        return False
    if md5 is None:
        return True
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, partial(hashlib.md5, usedforsecurity=False))
    return digest.hexdigest() == md5


def _given_hash(opinion: Opinion) -> str | None:
    """Return the hash that a label states, also by the key of a stored image."""
    stored = _STORED.fullmatch(opinion.file or "")
    return opinion.sha256 or (stored and stored[1]) or None


def _only_cuts(cut: Mapping[str, str], images: Iterable[Image]) -> dict[str, str]:
    """Return the photos of images that are the only ones cropped from them.

    A label of such an image is one of its photo, and stays when the box changes.
    """
    if not cut:
        return {}
    photos = set(cut.values())
    times = Counter(
        image.cut.photo_sha256 for image in images if image.cut and image.cut.photo_sha256 in photos
    )
    return {sha256: photo for sha256, photo in cut.items() if times[photo] == 1}

"""Intake of a source's photos: check and store them, in several threads."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from include.contracts.dataset import Reason
from include.image_classification.dataset.corrections.corrections import Corrections
from include.image_classification.dataset.version.image_store import ImageStore
from include.image_classification.dataset.version.manifest import (
    Quarantined,
    image_key,
    quarantine_key,
)
from include.image_classification.dataset.version.photo_check import (
    CheckedPhoto,
    Content,
    Origin,
    Photo,
    PhotoRules,
    check_photo,
    photo_hash,
)
from include.image_classification.dataset.version.pictures import Pictures
from include.image_classification.images.strict_decoding import RefusedPhotoError
from include.image_classification.images.webp import is_webp


@dataclass(frozen=True)
class RepeatedPath:
    """A photo whose path occurred before in the source."""

    photo: Photo


Entry = Photo | RepeatedPath | Quarantined


@dataclass(frozen=True)
class Stores:
    """The stores of images, of quarantined photos, and of pictures for the version's page."""

    images: ImageStore
    quarantine: ImageStore
    pictures: Pictures

    def picture(self, key: str) -> Path | None:
        """Return the path of an image or a quarantined photo, valid while the command runs."""
        new = self.images.path(key) or self.quarantine.path(key)
        return new or self.pictures.path(key)

    def put_image(self, key: str, data: bytes) -> None:
        """Store an image."""
        self.images.put(key, data)
        self.pictures.keep(key, data)

    def put_original(self, key: str, data: bytes) -> None:
        """Store the photo that an image in another format was made from."""
        self.images.put(key, data)

    def put_refused(self, key: str, data: bytes) -> None:
        """Store a quarantined photo."""
        self.quarantine.put(key, data)
        self.pictures.keep(key, data)


class Intake:
    """Checks photos and stores them; several threads may use it.

    Args:
        rules: The limits of images.
        known: Images that earlier refreshes checked.
        stores: The stores of images and quarantined photos.
        own_splits: Whether to use the source's own splits.
        corrections: The labels of users.
    """

    def __init__(
        self,
        rules: PhotoRules,
        known: Mapping[Origin, Content],
        stores: Stores,
        own_splits: bool,
        corrections: Corrections,
    ) -> None:
        self._rules = rules
        self._known = known
        self._stores = stores
        self._own_splits = own_splits
        self._corrections = corrections
        self._labels: dict[str, int] = {}
        self.found_boxes = False
        """Whether a photo had a box."""

    def take(self, entry: Entry) -> CheckedPhoto | Quarantined:
        """Check a photo and store the image, or quarantine the photo."""
        if isinstance(entry, Quarantined):
            return entry
        if isinstance(entry, RepeatedPath):
            sha256 = photo_hash(entry.photo.data)
            return self._refuse(
                entry.photo, sha256, "listed-twice", "the source lists this path more than once"
            )
        self.found_boxes |= entry.box is not None
        sha256 = photo_hash(entry.data)
        try:
            content, data = check_photo(entry, sha256, self._rules, self._known)
        except RefusedPhotoError as error:
            return self._refuse(entry, sha256, error.reason, error.detail)
        ruling = self._corrections.rule(entry, sha256, content)
        if ruling and ruling.refusal:
            return self._refuse(entry, sha256, "not-usable", ruling.refusal)
        if data is not None:
            self._stores.put_image(content.key, data)
            if is_webp(entry.data):
                self._stores.put_original(image_key(sha256, "webp"), entry.data)
        label = ruling.label if ruling else entry.label
        label_source = ruling.label_source if ruling else None
        # The same image had another label: both will be quarantined, see `deduplicate`.
        if self._labels.setdefault(content.sha256, label) != label:
            self._stores.put_refused(quarantine_key(sha256), entry.data)
        split = entry.split if self._own_splits else None
        return CheckedPhoto(entry.path, label, content, split, label_source)

    def _refuse(self, photo: Photo, sha256: str, reason: Reason, detail: str) -> Quarantined:
        key = quarantine_key(sha256)
        self._stores.put_refused(key, photo.data)
        return Quarantined(photo.path, sha256, reason, detail, key)


def mark_repeated_paths(entries: Iterable[Photo | Quarantined]) -> Iterator[Entry]:
    """Yield the entries, with photos whose path occurred before as `RepeatedPath`."""
    seen: set[str] = set()
    for entry in entries:
        repeated = entry.path in seen
        seen.add(entry.path)
        yield RepeatedPath(entry) if isinstance(entry, Photo) and repeated else entry

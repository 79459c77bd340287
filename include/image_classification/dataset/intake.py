"""Taking in a source's photos one by one, by many threads: checked, and stored by content."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from include.contracts.dataset import Reason
from include.image_classification.dataset.version.image_store import ImageStore
from include.image_classification.dataset.version.manifest import Quarantined, quarantine_key
from include.image_classification.dataset.version.photo_check import (
    CheckedPhoto,
    Content,
    Made,
    Photo,
    PhotoRules,
    check_photo,
    photo_hash,
)
from include.image_classification.dataset.version.pictures import Pictures
from include.image_classification.images.strict_decoding import RefusedPhotoError


@dataclass(frozen=True)
class Repeated:
    """A photo whose path the source has listed before."""

    photo: Photo


Entry = Photo | Repeated | Quarantined


@dataclass(frozen=True)
class Stores:
    """Where images go, photos that are refused, and pictures for the version's page."""

    images: ImageStore
    quarantine: ImageStore
    pictures: Pictures

    def picture(self, key: str) -> Path | None:
        """Where the bytes of an image or a refused photo are, for as long as the program runs."""
        new = self.images.path(key) or self.quarantine.path(key)
        return new or self.pictures.path(key)

    def put_image(self, key: str, data: bytes) -> None:
        """Store an image."""
        self.images.put(key, data)
        self.pictures.keep(key, data)

    def put_refused(self, key: str, data: bytes) -> None:
        """Store a photo that is refused."""
        self.quarantine.put(key, data)
        self.pictures.keep(key, data)


class Intake:
    """Checks photos and stores them. Many threads may use it at a time.

    Args:
        rules: What is accepted.
        known: Images that were checked before.
        stores: Where bytes go.
        own_splits: Whether the source's own splits count.
    """

    def __init__(
        self, rules: PhotoRules, known: Mapping[Made, Content], stores: Stores, own_splits: bool
    ) -> None:
        self._rules = rules
        self._known = known
        self._stores = stores
        self._own_splits = own_splits
        self._labels: dict[str, int] = {}

    def take(self, entry: Entry) -> CheckedPhoto | Quarantined:
        """Check a photo and store its image, or its own bytes if it is refused."""
        if isinstance(entry, Quarantined):
            return entry
        if isinstance(entry, Repeated):
            sha256 = photo_hash(entry.photo.data)
            return self._refuse(entry.photo, sha256, "listed-twice", "the source holds it again")
        sha256 = photo_hash(entry.data)
        try:
            content, data = check_photo(entry, sha256, self._rules, self._known)
        except RefusedPhotoError as error:
            return self._refuse(entry, sha256, error.reason, error.detail)
        if data is not None:
            self._stores.put_image(content.key, data)
        # Under another label before: nobody can tell which is right, and both will be refused.
        if self._labels.setdefault(content.sha256, entry.label) != entry.label:
            self._stores.put_refused(quarantine_key(sha256), entry.data)
        split = entry.split if self._own_splits else None
        return CheckedPhoto(entry.path, entry.label, content, split)

    def _refuse(self, photo: Photo, sha256: str, reason: Reason, detail: str) -> Quarantined:
        key = quarantine_key(sha256)
        self._stores.put_refused(key, photo.data)
        return Quarantined(photo.path, sha256, reason, detail, key)


def each_path_once(entries: Iterable[Photo | Quarantined]) -> Iterator[Entry]:
    """Tell photos whose path a stream has had before from the others."""
    seen: set[str] = set()
    for entry in entries:
        again = isinstance(entry, Photo) and entry.path in seen
        seen.add(entry.path)
        yield Repeated(entry) if isinstance(entry, Photo) and again else entry

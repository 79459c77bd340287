"""`refresh`: turn a raw source into an immutable data set version, stored by content."""

import functools
import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from include.image_classification.container import (
    ProgramError,
    processing_input,
    processing_output,
)
from include.image_classification.dataset.class_folders import open_class_folders
from include.image_classification.dataset.duplicates import deduplicate
from include.image_classification.dataset.image_store import ImageStore
from include.image_classification.dataset.manifest import (
    SPLITS,
    Duplicate,
    Image,
    Quarantined,
    Version,
    read_version,
    write_json,
    write_version,
)
from include.image_classification.dataset.photo_check import (
    CheckedPhoto,
    Photo,
    PhotoLimits,
    check_photo,
)
from include.image_classification.dataset.settings import RefreshSettings, parse_settings
from include.image_classification.dataset.source import Source
from include.image_classification.dataset.split import SplitRatio, assign_splits
from include.image_classification.dataset.stanford_cars import open_stanford_cars
from include.image_classification.progress import with_progress
from include.image_classification.workers import ordered_map

OPENERS = {"stanford_cars": open_stanford_cars, "class_folders": open_class_folders}
NAMED_IN_LOG = 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refreshed:
    """What came of everything that a source lists."""

    version: Version
    quarantined: Sequence[Quarantined]
    duplicates: Sequence[Duplicate]

    def counts(self) -> dict[str, int]:
        """How many there are of each; images, quarantined and deduplicated add up to listed."""
        images = len(self.version.images)
        splits = Counter(image.split for image in self.version.images)
        return {
            "listed": images + len(self.quarantined) + len(self.duplicates),
            "images": images,
            "quarantined": len(self.quarantined),
            "deduplicated": len(self.duplicates),
            "classes": len(self.version.classes),
            **{split: splits[split] for split in SPLITS},
        }


def main(arguments: list[str]) -> None:
    """Run the program with its flags; see `refresh --help`.

    Raises:
        ProgramError: The source cannot become a version: something is missing or damaged, too
            much of it is refused, or a class is left without images.
    """
    settings = parse_settings(arguments)
    started = time.monotonic()
    previous = _previous_version(processing_input("previous"))
    source = _open_source(processing_input("source"), settings)
    refreshed = refresh(source, previous, settings)
    name = refreshed.version.name
    report = {
        "stage": "refresh",
        "version": name,
        "previous": previous.name if previous else None,
        "unchanged": previous is not None and previous.name == name,
        "source": {
            "uri": settings.source_uri,
            "fingerprint": settings.source_fingerprint,
            "layout": settings.layout,
            "files": list(source.files),
            "left_alone": list(source.left_alone),
        },
        "settings": settings.recorded(),
        "counts": refreshed.counts(),
        "seconds": round(time.monotonic() - started, 3),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if not report["unchanged"]:
        folder = processing_output("versions") / name
        write_version(folder, refreshed.version, refreshed.quarantined, refreshed.duplicates)
        write_json(folder / "dataset.json", report)
    write_json(processing_output("result") / "dataset.json", report)
    _log.info(
        "data set version %s%s: %s",
        name,
        ", unchanged" if report["unchanged"] else "",
        ", ".join(f"{count} {what}" for what, count in refreshed.counts().items()),
    )


def refresh(source: Source, previous: Version | None, settings: RefreshSettings) -> Refreshed:
    """Check all of a source's photos, store the new ones, and put a version together.

    Images go to the processing output `images`, but for those that the previous version holds.

    Raises:
        ProgramError: The source lists nothing, too much is refused, or a class has no images.
    """
    earlier = previous.images if previous else []
    store = ImageStore(processing_output("images"), [image.key for image in earlier])
    check = functools.partial(_check_and_store, limits=settings.limits, store=store)
    entries = ordered_map(check, _each_path_once(source.entries), settings.processes)
    photos: list[CheckedPhoto] = []
    quarantined: list[Quarantined] = []
    for entry in with_progress(entries, "photos checked"):
        if isinstance(entry, CheckedPhoto):
            photos.append(entry)
        else:
            quarantined.append(entry)
    distinct = deduplicate(photos)
    quarantined = sorted(quarantined + distinct.conflicting, key=lambda row: row.path)
    store.keep_only({photo.key for photo in distinct.photos})
    _report_quarantined(quarantined)
    _check_quarantine(
        quarantined, len(photos) + len(quarantined) - len(distinct.conflicting), settings
    )
    _check_classes(source.classes, distinct.photos, quarantined)
    images = _split(distinct.photos, earlier, settings.ratio)
    return Refreshed(Version(images, source.classes), quarantined, distinct.duplicates)


def _previous_version(folder: Path) -> Version | None:
    if not folder.is_dir() or not any(folder.iterdir()):
        return None
    return read_version(folder)


def _open_source(folder: Path, settings: RefreshSettings) -> Source:
    if not folder.is_dir() or not any(folder.iterdir()):
        where = settings.source_uri or folder
        raise ProgramError(f"the source {where} is empty; put the photos and their labels there")
    source = OPENERS[settings.layout](folder, settings.classes)
    _log.info("reading %s: %d classes", ", ".join(source.files), len(source.classes))
    if source.left_alone:
        _log.info("left alone: %s", ", ".join(source.left_alone))
    return source


def _each_path_once(entries: Iterable[Photo | Quarantined]) -> Iterator[Photo | Quarantined]:
    seen: set[str] = set()
    for entry in entries:
        if isinstance(entry, Photo) and entry.path in seen:
            yield Quarantined(entry.path, None, "listed-twice", "the source holds it again")
        else:
            seen.add(entry.path)
            yield entry


def _check_and_store(
    entry: Photo | Quarantined, limits: PhotoLimits, store: ImageStore
) -> CheckedPhoto | Quarantined:
    if isinstance(entry, Quarantined):
        return entry
    checked = check_photo(entry, limits)
    if isinstance(checked, CheckedPhoto):
        store.put(checked.key, entry.data)
    return checked


def _split(
    photos: Iterable[CheckedPhoto], earlier: Iterable[Image], ratio: SplitRatio
) -> list[Image]:
    photos = sorted(photos, key=lambda photo: photo.path)
    labels = {photo.sha256: photo.label for photo in photos}
    splits = assign_splits(labels, {image.sha256: image.split for image in earlier}, ratio)
    return [Image(**asdict(photo), split=splits[photo.sha256]) for photo in photos]


def _report_quarantined(quarantined: Sequence[Quarantined]) -> None:
    for row in quarantined[:NAMED_IN_LOG]:
        _log.warning("quarantined %s: %s, %s", row.path, row.reason, row.detail)
    if len(quarantined) > NAMED_IN_LOG:
        _log.warning("quarantined %d more", len(quarantined) - NAMED_IN_LOG)


def _check_quarantine(
    quarantined: Sequence[Quarantined], listed: int, settings: RefreshSettings
) -> None:
    if not listed:
        raise ProgramError("the source lists no photos of the wanted classes")
    if len(quarantined) > settings.quarantine_limit * listed:
        reasons = Counter(row.reason for row in quarantined).most_common()
        first = quarantined[0]
        raise ProgramError(
            f"{len(quarantined)} of {listed} photos are refused, more than the limit of"
            f" {settings.quarantine_limit:.1%}"
            f" ({', '.join(f'{count} {reason}' for reason, count in reasons)};"
            f" {first.path}: {first.detail}); mend the source or raise --quarantine-limit"
        )


def _check_classes(
    classes: Sequence[str], photos: Iterable[CheckedPhoto], quarantined: Sequence[Quarantined]
) -> None:
    present = {photo.label for photo in photos}
    empty = [name for label, name in enumerate(classes) if label not in present]
    if empty:
        more = f" and {len(empty) - 1} more classes have" if len(empty) > 1 else " has"
        raise ProgramError(
            f"class {empty[0]!r}{more} no images ({len(quarantined)} are quarantined); add images"
            " or leave it out with --classes"
        )

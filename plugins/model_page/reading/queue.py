"""The review queue: photos on which a user's label helps most, and what was labelled already.

The queue has the uncertain photos of the last batches and the label suspects of the model that
serves. The order differs by user, and a photo that was shown to one user is not shown to others for
ten minutes, as far as one process of the API server knows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from include.common.errors import PermanentError
from include.contracts.label_files import parse_marked_name, photo_mark
from include.contracts.records import BatchRecord, LabelRecord, RecordProblem, parse_record
from include.contracts.records.label import IMAGES, INCOMING
from include.storage.layout import Layout
from model_page.problems import UnreadableError
from model_page.reading.models.evaluations import Guess, read_photos, select_photos
from model_page.reading.objects import MEGABYTE, ObjectReader
from model_page.reading.photos.batches import uncertain_photos
from model_page.reading.photos.leases import Leases
from model_page.reading.sources import Sources
from model_page.reading.together import read_all, read_together

BATCHES = 5
"""The last batches whose uncertain photos are in the queue."""

MAX_PHOTOS = 500
SUSPECT_CONFIDENCE = 0.9
LABEL_DAYS = 14
"""Labels of the last days are read, to leave out the photos that have one."""

MAX_LISTS = 5
MAX_LABEL_FILES = 100
"""The newest files of labels, of up to 5,000, whose content is read: those of other programs."""


@dataclass(frozen=True)
class QueuedPhoto:
    """A photo of the queue.

    Attributes:
        file: The photo, as `LabelRecord.file`: `incoming/...` or `images/...`.
        kind: "uncertain" or "suspect".
        guesses: The likeliest classes, the best first.
        label: The present label of a suspect; empty for an incoming photo.
        origin: The batch, or the training job.
        etag: The ETag of an incoming photo that was predicted; empty for a stored photo.
    """

    file: str
    kind: str
    guesses: tuple[Guess, ...]
    label: str
    origin: str
    etag: str

    @property
    def sha256(self) -> str | None:
        """The hash of a stored photo, which is its name; None for an incoming photo."""
        return self.file.rpartition("/")[2].partition(".")[0] if self.kind == "suspect" else None


@dataclass(frozen=True)
class Queue:
    """The photos that wait for a label, in the user's order, and how many have one."""

    waiting: list[QueuedPhoto]
    done: int

    @property
    def total(self) -> int:
        """The number of photos with and without a label."""
        return self.done + len(self.waiting)


def read_queue(sources: Sources, layout: Layout, job: str | None, user: str) -> Queue:
    """Return the queue of a pipeline for a user.

    Args:
        sources: The installation's readers.
        layout: The pipeline's S3 keys.
        job: The training job of the model that serves, for label suspects; None for none.
        user: The user, whose order it is.
    """
    objects = sources.objects
    names = sources.batches.newest(layout, BATCHES)
    reads: list[Callable[[], Any]] = [partial(_uncertain, objects, layout, name) for name in names]
    if job:
        reads.append(partial(_suspects, objects, layout, job))
    labelled, *found = read_together(partial(labelled_photos, objects, layout), *reads)
    photos = [photo for listed in found for photo in listed]
    unique = {photo.file: photo for photo in reversed(photos)}
    unlabelled = [photo for photo in unique.values() if photo_mark(photo.file) not in labelled]
    waiting = sorted(unlabelled[:MAX_PHOTOS], key=lambda photo: _position(photo, user))
    return Queue(waiting, len(unique) - len(unlabelled))


def next_photo(queue: Queue, leases: Leases, user: str, after: str = "") -> list[QueuedPhoto]:
    """Return the next photos for a user, those after the photo `after` first.

    Photos that other users look at are left out.
    """
    files = [photo.file for photo in queue.waiting]
    start = 0
    if after:
        position = _order(after, user)
        start = next(
            (index for index, file in enumerate(files) if _order(file, user) > position), len(files)
        )
    ordered = [*queue.waiting[start:], *queue.waiting[:start]]
    return [photo for photo in ordered if leases.is_free(photo.file, user)]


def labelled_photos(objects: ObjectReader, layout: Layout, now: datetime | None = None) -> set[str]:
    """Return the marks (`photo_mark`) of photos with a label of the last days that still counts.

    The names of the page's own files say which photo they label. Other files are read.
    """
    since = (now or datetime.now(UTC)) - timedelta(days=LABEL_DAYS)
    keys: list[str] = []
    more: dict[str, str] = {"StartAfter": f"{layout.labels}{since:%Y-%m-%d}"}
    for _ in range(MAX_LISTS):
        listed = objects.s3.list_objects_v2(Bucket=objects.bucket, Prefix=layout.labels, **more)
        keys += [item["Key"] for item in listed.get("Contents", [])]
        if not listed.get("IsTruncated"):
            break
        more = {"ContinuationToken": listed["NextContinuationToken"]}
    names = {key: parse_marked_name(key.removeprefix(layout.labels)) for key in keys}
    opinions = [(name.moment, name.mark, name.withdrawn) for name in names.values() if name]
    others = [key for key, name in names.items() if name is None][-MAX_LABEL_FILES:]
    opinions += [
        (record.moment, photo_mark(record.file), record.withdrawn)
        for found in read_all(lambda key: _labels(objects, key), others)
        for record in found
        if record.file
    ]
    last = {mark: withdrawn for _, mark, withdrawn in sorted(opinions)}
    return {mark for mark, withdrawn in last.items() if not withdrawn}


def _labels(objects: ObjectReader, key: str) -> Sequence[LabelRecord]:
    try:
        found: Sequence[LabelRecord] = (
            objects.parse(key, _parse_labels, MEGABYTE, immutable=True) or ()
        )
    except UnreadableError:
        return ()  # A refresh reports files that it cannot read.
    return found


def _parse_labels(body: bytes) -> list[LabelRecord]:
    records = []
    for line in body.splitlines():
        try:
            content = json.loads(line)
            records.append(parse_record(LabelRecord, content))
        except (ValueError, TypeError, RecordProblem, PermanentError):
            continue
    return records


def _uncertain(objects: ObjectReader, layout: Layout, batch: str) -> list[QueuedPhoto]:
    try:
        photos = uncertain_photos(objects, layout, batch) or []
        record = objects.record(layout.batch_record(batch), BatchRecord, "batch inference")
    except PermanentError:
        return []  # The batch's own page says what is wrong with it.
    tags = record.images if record else {}
    return [
        QueuedPhoto(
            f"{INCOMING}{photo.file}", "uncertain", photo.guesses, "", batch, tags[photo.file]
        )
        for photo in photos
        if photo.file in tags
    ]


def _suspects(objects: ObjectReader, layout: Layout, job: str) -> list[QueuedPhoto]:
    try:
        photos = (read_photos(objects, layout, job) or {}).values()
    except PermanentError:
        return []
    return [
        QueuedPhoto(f"{IMAGES}{photo.key}", "suspect", photo.guesses, photo.truth, job, "")
        for photo in select_photos(photos, wrong=True)
        if photo.confidence >= SUSPECT_CONFIDENCE
    ]


def _position(photo: QueuedPhoto, user: str) -> str:
    return _order(photo.file, user)


def _order(file: str, user: str) -> str:
    return hashlib.sha256(f"{user}\n{file}".encode()).hexdigest()

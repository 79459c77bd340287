"""Choose a batch's images: the new ones, as far as the model can read them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import duckdb

from include.contracts.commands import SelectedImages
from include.image_classification.selection.screening.photos import IncomingImage, Screened

NAME_DIGITS = 8


@dataclass(frozen=True)
class Candidates:
    """The images that a batch may take, in the order in which it takes them.

    Attributes:
        database: The database with the tables `listed` and `ledger`.
        new: The number of images that no batch has processed.
    """

    database: duckdb.DuckDBPyConnection
    new: int

    def chunks(self, size: int) -> Iterator[list[tuple[IncomingImage, bool]]]:
        """Yield the images, and whether they are new, in lists of at most this size."""
        rows = self.database.execute(
            "SELECT key, tag, size, batch = '' FROM candidates ORDER BY batch, key"
        )
        while chunk := rows.fetchmany(size):
            yield [(IncomingImage(key, tag, number), new) for key, tag, number, new in chunk]


def find_candidates(database: duckdb.DuckDBPyConnection, images: SelectedImages) -> Candidates:
    """Join the tables `listed` and `ledger`.

    An image that was replaced by another one with the same name is new again.

    Args:
        database: The database with both tables.
        images: "new", or "all" to add processed images: after the new ones, those of the oldest
            batch first, so that successive runs reach all images.
    """
    database.execute(
        "CREATE TABLE candidates AS "
        "SELECT listed.*, coalesce(processed.batch, '') AS batch FROM listed LEFT JOIN "
        "(SELECT key, tag, max(batch) AS batch FROM ledger GROUP BY key, tag) AS processed "
        "USING (key, tag) WHERE ? OR processed.batch IS NULL",
        [images == "all"],
    )
    found = database.execute("SELECT count(*) FROM candidates WHERE batch = ''").fetchone()
    assert found is not None
    return Candidates(database, found[0])


@dataclass
class Choice:
    """The images of a batch.

    Attributes:
        images: The ETags of the images to predict, by key.
        unreadable: The reasons of the images that are left out, by key.
        unreadable_tags: Their ETags.
        changed: The number of images that were replaced or deleted while they were read. They are
            in no batch, and are new in the next run.
        new: How many of the batch's images no other batch has processed.
    """

    images: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    unreadable_tags: dict[str, str] = field(default_factory=dict)
    changed: int = 0
    new: int = 0

    def add(self, chunk: list[tuple[IncomingImage, bool]], screened: Screened) -> None:
        """Add images that were screened."""
        for image, is_new in chunk:
            if image.key in screened.changed:
                self.changed += 1
                continue
            self.new += is_new
            if (reason := screened.unreadable.get(image.key)) is None:
                self.images[image.key] = image.tag
            else:
                self.unreadable[image.key] = reason
                self.unreadable_tags[image.key] = image.tag

    def name(self, run_time: str) -> str | None:
        """Return the batch's name, from the run's time and the images; None without images.

        A retry gets the same name if it finds the same images.
        """
        contents = self.images | self.unreadable_tags
        if not contents:
            return None
        found = hashlib.sha256()
        for key, tag in sorted(contents.items()):
            found.update(key.encode() + b"\xff" + tag.encode() + b"\xff")
        return f"{run_time}-{found.hexdigest()[:NAME_DIGITS]}"


def choose_images(
    candidates: Candidates,
    most: int,
    screen: Callable[[list[IncomingImage]], Screened],
) -> Choice:
    """Choose at most `most` images; images are only screened until one is readable.

    Args:
        candidates: The images to choose from.
        most: The largest number of images of a batch.
        screen: Returns which of some images cannot be predicted.
    """
    choice = Choice()
    for chunk in candidates.chunks(most):
        choice.add(chunk, screen([image for image, _ in chunk]))
        # A chunk without a readable image must not block the images after it.
        if choice.images:
            break
    return choice

"""Evaluated photos of a candidate: what it answered for each, and what it confuses."""

from __future__ import annotations

import csv
import io
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from include.common.csv_cells import unescape_cell
from include.contracts.files import ANSWERS_COLUMNS, EVALUATED_CLASSES
from include.storage.layout import Layout
from model_page.reading.objects import TABLE_BYTES, ObjectReader

Pair = tuple[str, str]
"""A true and a predicted class."""

WORST = 10
"""Confusions that a page lists."""

THRESHOLDS = tuple(step / 100 for step in range(0, 100, 2))


# A page makes tens of thousands of these; frozen ones take twice as long.
@dataclass(slots=True)
class Guess:
    """A class and its probability."""

    label: str
    probability: float


@dataclass(slots=True)
class EvaluatedPhoto:
    """An evaluated photo: its content key, its true class and the likeliest classes."""

    key: str
    truth: str
    guesses: tuple[Guess, ...]

    @property
    def label(self) -> str:
        """The predicted class."""
        return self.guesses[0].label

    @property
    def confidence(self) -> float:
        """The probability of the predicted class."""
        return self.guesses[0].probability

    @property
    def is_right(self) -> bool:
        """Whether the prediction is the true class."""
        return self.label == self.truth


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix.

    Attributes:
        classes: The classes, so ordered that those which are confused are neighbours.
        rows: The numbers of photos: a row for each true class, a column for each prediction.
        worst: The most frequent confusions: true class, predicted class, photos.
    """

    classes: list[str]
    rows: list[list[int]]
    worst: list[tuple[str, str, int]]


@dataclass(frozen=True)
class Threshold:
    """If only answers of at least `minimum` count: their share, and how many of them are right."""

    minimum: float
    coverage: float
    accuracy: float | None


@dataclass(frozen=True)
class Flips:
    """Photos on which two models differ; `shared` is the number that both predicted."""

    shared: int
    fixed: list[tuple[EvaluatedPhoto, EvaluatedPhoto]] = field(default_factory=list)
    broken: list[tuple[EvaluatedPhoto, EvaluatedPhoto]] = field(default_factory=list)


def read_photos(
    objects: ObjectReader, layout: Layout, job: str
) -> Mapping[str, EvaluatedPhoto] | None:
    """Return the evaluated photos of a training job's candidate by key, or None without any.

    Evaluations of earlier releases have the likeliest class only.
    """
    photos: Mapping[str, EvaluatedPhoto] | None = objects.parse(
        layout.evaluated_photos(job), parse_photos, TABLE_BYTES
    )
    if photos is None:
        photos = objects.parse(layout.evaluation_answers(job), parse_answers, TABLE_BYTES)
    return photos


def parse_photos(body: bytes) -> dict[str, EvaluatedPhoto]:
    """Return the photos of a table `files.EVALUATED_PHOTOS`.

    Raises:
        ValueError: A column is missing or a probability is no number.
    """
    columns, rows = _table(body)
    key, name = (_column(columns, wanted) for wanted in ("key", "name"))
    ranks = guess_columns(columns)
    return {
        row[key]: EvaluatedPhoto(row[key], unescape_cell(row[name]), guesses(row, ranks))
        for row in rows
    }


def guess_columns(columns: Sequence[str]) -> list[tuple[int, int]]:
    """Return the positions of the columns of the likeliest classes and their probabilities.

    Raises:
        ValueError: The table has no prediction.
    """
    names = ["", *(f"_{rank}" for rank in range(2, EVALUATED_CLASSES + 1))]
    return [
        (_column(columns, f"label{name}"), _column(columns, f"probability{name}"))
        for name in names
        if not name or f"label{name}" in columns
    ]


def guesses(row: Sequence[str], ranks: Sequence[tuple[int, int]]) -> tuple[Guess, ...]:
    """Return the likeliest classes of a row; a class without a name ends them.

    Raises:
        ValueError: The row is too short, or a probability is no number.
    """
    try:
        return tuple(
            [
                Guess(unescape_cell(row[label]), float(row[probability]))
                for label, probability in ranks
                if row[label]
            ]
        )
    except IndexError:
        raise ValueError(f"the row of {row[0] if row else '?'} has no prediction") from None


def parse_answers(body: bytes) -> dict[str, EvaluatedPhoto]:
    """Return the photos of a table `files.ANSWERS`, with one class each.

    Raises:
        ValueError: A column is missing or a probability is no number.
    """
    columns, rows = _table(body)
    key, name, label, confidence = (_column(columns, wanted) for wanted in ANSWERS_COLUMNS)
    return {
        row[key]: EvaluatedPhoto(
            row[key],
            unescape_cell(row[name]),
            (Guess(unescape_cell(row[label]), float(row[confidence])),),
        )
        for row in rows
    }


def confusion(photos: Iterable[EvaluatedPhoto]) -> Confusion:
    """Return the confusion matrix of photos."""
    counts = Counter((photo.truth, photo.label) for photo in photos)
    classes = sorted({name for pair in counts for name in pair})
    ordered = order_classes(classes, counts)
    rows = [[counts.get((true, guess), 0) for guess in ordered] for true in ordered]
    wrong = [(*pair, count) for pair, count in counts.items() if pair[0] != pair[1]]
    wrong.sort(key=lambda found: (-found[2], found))
    return Confusion(ordered, rows, wrong[:WORST])


def order_classes(classes: Sequence[str], counts: Mapping[Pair, int]) -> list[str]:
    """Return classes so that confused ones are neighbours: greedily, from the most confused one."""
    near: dict[str, Counter[str]] = {name: Counter() for name in classes}
    for (true, guess), count in counts.items():
        if true != guess:
            near[true][guess] += count
            near[guess][true] += count
    left = dict.fromkeys(sorted(classes, key=lambda name: (-near[name].total(), name)))
    ordered: list[str] = []
    while left:
        followers = near[ordered[-1]] if ordered else Counter[str]()
        found = [name for name, _ in followers.most_common() if name in left]
        name = found[0] if found else next(iter(left))
        del left[name]
        ordered.append(name)
    return ordered


def threshold_curve(photos: Iterable[EvaluatedPhoto]) -> list[Threshold]:
    """Return coverage and accuracy for a minimum probability from 0 to 0.98."""
    ordered = sorted((photo.confidence, photo.is_right) for photo in photos)
    if not ordered:
        return []
    confidences = [confidence for confidence, _ in ordered]
    right_from = [0]
    for _, right in reversed(ordered):
        right_from.append(right_from[-1] + right)
    curve = []
    for minimum in THRESHOLDS:
        answered = len(ordered) - bisect_left(confidences, minimum)
        accuracy = right_from[answered] / answered if answered else None
        curve.append(Threshold(minimum, answered / len(ordered), accuracy))
    return curve


def compare_photos(
    before: Mapping[str, EvaluatedPhoto], after: Mapping[str, EvaluatedPhoto]
) -> Flips:
    """Return the photos that the second model answers right and the first wrong, and the reverse.

    The true class is that of the second model's dataset version, as in the promotion's comparison.
    """
    shared = [key for key in after if key in before]
    flips = Flips(len(shared))
    for key in shared:
        truth = after[key].truth
        was, now = before[key].label == truth, after[key].label == truth
        if now and not was:
            flips.fixed.append((before[key], after[key]))
        elif was and not now:
            flips.broken.append((before[key], after[key]))
    for pairs in (flips.fixed, flips.broken):
        pairs.sort(key=lambda pair: -pair[1].confidence)
    return flips


def select_photos(
    photos: Iterable[EvaluatedPhoto], truth: str = "", label: str = "", *, wrong: bool = False
) -> list[EvaluatedPhoto]:
    """Return photos of a true and a predicted class, the surest first; "" is any class."""
    found = (
        photo
        for photo in photos
        if (not truth or photo.truth == truth)
        and (not label or photo.label == label)
        and not (wrong and photo.is_right)
    )
    return sorted(found, key=lambda photo: (photo.is_right, -photo.confidence, photo.key))


def _table(body: bytes) -> tuple[list[str], list[list[str]]]:
    """Return a table's columns, and its rows with as many cells."""
    try:
        columns, *rows = csv.reader(io.StringIO(body.decode("utf-8")))
    except csv.Error as error:
        raise ValueError(str(error)) from error
    short = next((row for row in rows if 0 < len(row) < len(columns)), None)
    if short is not None:
        raise ValueError(f"the row of {short[0]} has {len(short)} of {len(columns)} cells")
    return columns, [row for row in rows if row]


def _column(columns: Sequence[str], name: str) -> int:
    if name not in columns:
        raise ValueError(f"the table has no column {name}")
    return columns.index(name)

"""samples.json of a dataset version: what tasks need to know of its images, whatever their number.

The command `refresh` writes it with the version. Versions of earlier releases lack it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from include.contracts.records.base import Record

LARGEST_BODY = 6_291_456
"""The largest request body of InvokeEndpoint, in bytes."""

MAX_SMOKE_IMAGES = 50
"""The largest `endpoint.smoke_images`."""

_KEPT = 2 * MAX_SMOKE_IMAGES
"""How many of the first images by key are kept to fill a sample up: more than one a class."""


class SampleImage(Record):
    """An image: its key below the folder of images, its size in bytes, the number of its class."""

    key: Annotated[str, Field(min_length=1)]
    size: int
    label: int


class SplitSamples(Record):
    """The number of a split's images, the largest one, and images for a smoke test.

    `smoke` has images that an endpoint accepts, of as many classes as possible, those that a test
    with fewer images would use first.
    """

    images: Annotated[int, Field(ge=0)] = 0
    largest: SampleImage | None = None
    smoke: list[SampleImage] = Field(default_factory=list)


class VersionSamples(Record):
    """The samples of a dataset version by split; splits without images may be missing."""

    splits: dict[str, SplitSamples] = Field(default_factory=dict)

    def split(self, name: str) -> SplitSamples:
        """Return a split's samples, which may be empty."""
        return self.splits.get(name, SplitSamples())

    @property
    def images(self) -> int:
        """The number of the version's images."""
        return sum(split.images for split in self.splits.values())


class SampleCollector:
    """Collects the samples of a version; it needs memory for a part of each split's images."""

    def __init__(self) -> None:
        """Create the samples of a version without images."""
        self._splits: dict[str, _SplitCollector] = {}

    def add(self, split: str, key: str, size: int, label: int) -> None:
        """Add an image; the order does not matter."""
        self._splits.setdefault(split, _SplitCollector()).add(key, size, label)

    def samples(self) -> VersionSamples:
        """Return the samples of the images that were added."""
        return VersionSamples(
            splits={name: split.samples() for name, split in sorted(self._splits.items())}
        )


class _SplitCollector:
    def __init__(self) -> None:
        self._images = 0
        self._largest: tuple[int, str, int] | None = None
        self._first_of_class: dict[int, tuple[str, int]] = {}
        self._first: dict[str, tuple[int, int]] = {}

    def add(self, key: str, size: int, label: int) -> None:
        self._images += 1
        self._largest = max((size, key, label), self._largest or (-1, "", 0))
        if size > LARGEST_BODY:
            return
        self._first_of_class[label] = min((key, size), self._first_of_class.get(label, (key, size)))
        self._first[key] = (size, label)
        # Sorted only now and then: an image costs about a microsecond.
        if len(self._first) >= 2 * _KEPT:
            self._first = dict(sorted(self._first.items())[:_KEPT])

    def samples(self) -> SplitSamples:
        size, key, label = self._largest or (0, "", 0)
        return SplitSamples(
            images=self._images,
            largest=SampleImage(key=key, size=size, label=label),
            smoke=self._smoke()[:MAX_SMOKE_IMAGES],
        )

    def _smoke(self) -> list[SampleImage]:
        """Return the first image of each class by its key, then the first of the others."""
        firsts = [
            SampleImage(key=key, size=size, label=label)
            for label, (key, size) in sorted(self._first_of_class.items())
        ]
        taken = {image.key for image in firsts}
        others = (
            SampleImage(key=key, size=size, label=label)
            for key, (size, label) in sorted(self._first.items())
            if key not in taken
        )
        return [*firsts, *others]

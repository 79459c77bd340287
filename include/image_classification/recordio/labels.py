"""Labels of images: one class, or a 0 or 1 for each class (multi-label)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import CommandError

LabelFormat = Literal["multi-hot", "class-id"]
"""A list of labels has a 0 or 1 for each class, or the numbers of the image's classes."""

LABEL_FORMATS: tuple[LabelFormat, ...] = ("multi-hot", "class-id")

Label = int | bytes
"""The number of a class or, with multi-label, one byte of 0 or 1 for each class."""


@dataclass(frozen=True)
class Labelling:
    """The labels that a dataset may have: one of `classes` or, with `several`, one for each."""

    classes: int
    several: bool = False

    @property
    def numbers(self) -> int:
        """The number of labels an image has."""
        return self.classes if self.several else 1

    def check_count(self, count: int, name: str) -> None:
        """Check the number of an image's labels; `name` is the image's name in the message.

        Raises:
            CommandError: The image has another number of labels.
        """
        if count == self.numbers:
            return
        expected = f"{self.classes}: multi_label 1 needs a 0 or 1 for each class"
        raise CommandError(f"{name} has {count} labels, not {expected if self.several else 'one'}")

    def read(self, numbers: Sequence[float], name: str) -> Label:
        """Return an image's label; `name` is the image's name in messages.

        Raises:
            CommandError: The image has another number of labels, or a label is out of range.
        """
        self.check_count(len(numbers), name)
        invalid = [number for number in numbers if not self._is_valid(number)]
        if invalid:
            limit = 1 if self.several else self.classes - 1
            reason = "multi_label is 1" if self.several else f"num_classes is {self.classes}"
            raise CommandError(
                f"{name} has label {invalid[0]:g}, which is not in 0..{limit}: {reason}"
            )
        return bytes(map(int, numbers)) if self.several else int(numbers[0])

    def _is_valid(self, number: float) -> bool:
        return 0 <= number < (2 if self.several else self.classes) and float(number).is_integer()


def label_rows(labels: Iterable[Label], size: int = 0) -> NDArray[np.float32]:
    """Return labels as an array of one row an image, padded with zeros to `size` rows.

    A row is one number or, with multi-label, one number for each class.
    """
    rows = np.array(
        [np.frombuffer(label, np.uint8) if isinstance(label, bytes) else label for label in labels],
        np.float32,
    )
    missing = max(size - len(rows), 0)
    return np.concatenate([rows, np.zeros((missing, *rows.shape[1:]), np.float32)])

"""What an image shows: one class, or for each class whether it is there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import ProgramError

Label = int | bytes
"""The number of a class; or, with several labels an image, a byte of 0 or 1 for each class."""


@dataclass(frozen=True)
class Labelling:
    """Which labels a data set may have: one of `classes`, or as many numbers as there are."""

    classes: int
    several: bool = False

    @property
    def numbers(self) -> int:
        """How many numbers an image is labelled with."""
        return self.classes if self.several else 1

    def check_count(self, count: int, name: str) -> None:
        """Refuse an image, called `name`, with another number of labels."""
        if count == self.numbers:
            return
        wanted = f"{self.classes}: multi_label 1 needs a 0 or 1 for each class"
        raise ProgramError(f"{name} has {count} labels, not {wanted if self.several else 'one'}")

    def read(self, numbers: Sequence[float], name: str) -> Label:
        """Return an image's label.

        Raises:
            ProgramError: There are too few or too many numbers, or they are no labels; `name` says
                whose.
        """
        self.check_count(len(numbers), name)
        wrong = [number for number in numbers if not self._is_label(number)]
        if wrong:
            limit = 1 if self.several else self.classes - 1
            reason = "multi_label is 1" if self.several else f"num_classes is {self.classes}"
            raise ProgramError(
                f"{name} has label {wrong[0]:g}, which is not in 0..{limit}: {reason}"
            )
        return bytes(map(int, numbers)) if self.several else int(numbers[0])

    def _is_label(self, number: float) -> bool:
        return 0 <= number < (2 if self.several else self.classes) and float(number).is_integer()


def label_rows(labels: Iterable[Label], size: int = 0) -> NDArray[np.float32]:
    """Return labels as numbers, one row an image, filled up with zeros to `size` rows.

    A row is one number, or one for each class.
    """
    rows = np.array(
        [np.frombuffer(label, np.uint8) if isinstance(label, bytes) else label for label in labels],
        np.float32,
    )
    missing = max(size - len(rows), 0)
    return np.concatenate([rows, np.zeros((missing, *rows.shape[1:]), np.float32)])

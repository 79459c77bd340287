"""Which images train, which validate, which test: the same on every machine, every time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from include.image_classification.container import ProgramError
from include.image_classification.dataset.manifest import Split

FILLED_FIRST: tuple[Split, ...] = ("test", "validation")


@dataclass(frozen=True)
class SplitRatio:
    """The shares of training and validation images; the rest tests.

    Raises:
        ProgramError: One of the three shares would be nothing.
    """

    train: float
    validation: float

    def __post_init__(self) -> None:
        if self.train <= 0 or self.validation <= 0 or self.train + self.validation >= 1:
            raise ProgramError(
                f"--train-ratio {self.train} and --validation-ratio {self.validation} must be"
                " above 0 and leave a share for testing"
            )

    def sizes(self, images: int) -> dict[Split, int]:
        """Divide a class of so many images.

        From three images on, each split has at least one; two train and test, one trains.
        """
        if images < 3:
            return {"train": min(images, 1), "validation": 0, "test": max(images - 1, 0)}
        # Fractions, because 1 - 0.8 - 0.1 is not 0.1.
        train, validation = Fraction(str(self.train)), Fraction(str(self.validation))
        testing = max(1, min(round(images * (1 - train - validation)), images - 2))
        validating = max(1, min(round(images * validation), images - 1 - testing))
        return {
            "train": images - testing - validating,
            "validation": validating,
            "test": testing,
        }


def assign_splits(
    labels: Mapping[str, int], earlier: Mapping[str, Split], ratio: SplitRatio
) -> dict[str, Split]:
    """Give each image, named by its content's hash, its split.

    An image that had a split keeps it, so that nothing a model was trained on ever tests a later
    one. Within a class, new images are ranked by hash; the first fill what the class lacks of
    test images, the next of validation images, the rest train. The order of the mappings does
    not matter.

    Args:
        labels: The class of each image.
        earlier: Splits in the previous version; it may name images that are gone.
        ratio: The shares that each class is divided by.
    """
    by_class: dict[int, list[str]] = defaultdict(list)
    for sha256, label in labels.items():
        by_class[label].append(sha256)
    splits: dict[str, Split] = {}
    for members in by_class.values():
        splits.update(_assign_class(members, earlier, ratio.sizes(len(members))))
    return splits


def _assign_class(
    members: Iterable[str], earlier: Mapping[str, Split], sizes: Mapping[Split, int]
) -> dict[str, Split]:
    splits = {sha256: earlier[sha256] for sha256 in members if sha256 in earlier}
    kept = list(splits.values())
    lacking: list[Split] = []
    for split in FILLED_FIRST:
        lacking += [split] * (sizes[split] - kept.count(split))
    new = sorted(sha256 for sha256 in members if sha256 not in earlier)
    for rank, sha256 in enumerate(new):
        splits[sha256] = lacking[rank] if rank < len(lacking) else "train"
    return splits

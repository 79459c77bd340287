"""Assignment of images to the splits train, validation and test, reproducible everywhere."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from include.contracts.dataset import SPLITS, Split
from include.image_classification.container import CommandError

FILLED_FIRST: tuple[Split, ...] = ("test", "validation")


@dataclass(frozen=True)
class SplitRatio:
    """The shares of training and validation images; the rest are test images.

    Raises:
        CommandError: One of the three shares is zero or negative.
    """

    train: float
    validation: float

    def __post_init__(self) -> None:
        if self.train <= 0 or self.validation <= 0 or self.train + self.validation >= 1:
            raise CommandError(
                f"--train-ratio {self.train} and --validation-ratio {self.validation} must be"
                " above 0 and add up to less than 1, so that a share is left for testing"
            )

    def sizes(self, images: int, given: Collection[Split] = ()) -> dict[Split, int]:
        """Return the number of images of a class for each split.

        From three images on, each split has at least one image. Two images are for training and
        test, one is for training.

        Args:
            images: The number of images.
            given: Splits that the class already has from the source. They get none of the images;
                the others keep their proportions.
        """
        # Fractions, because 1 - 0.8 - 0.1 is not 0.1 in floating point.
        train, validation = Fraction(str(self.train)), Fraction(str(self.validation))
        shares: dict[Split, Fraction] = {"validation": validation, "test": 1 - train - validation}
        needed = [split for split in FILLED_FIRST if split not in given]
        whole = train + sum(shares[split] for split in needed)
        sizes: dict[Split, int] = {"train": images, "validation": 0, "test": 0}
        for others, split in zip(reversed(range(len(needed))), needed, strict=True):
            left = sizes["train"]
            most = max(left - 1 - others, min(left - 1, 1), 0)
            sizes[split] = min(max(1, round(images * shares[split] / whole)), most)
            sizes["train"] -= sizes[split]
        return sizes


def assign_splits(
    labels: Mapping[str, int],
    earlier: Mapping[str, Split],
    ratio: SplitRatio,
    own: Mapping[str, Split] = MappingProxyType({}),
) -> dict[str, Split]:
    """Return the split of each photo; photos are named by the hash of their content.

    A photo keeps the split of earlier versions, so that no model is tested on a photo that an
    earlier model was trained on. Test and validation photos of the source keep the source's split,
    unless an earlier model may have seen them: then the split closer to training counts. The other
    new photos of a class are sorted by hash. The first fill up the test split, the next fill up the
    validation split, and the rest are for training. A split that the source itself provides for a
    class is not filled up. The order of the mappings does not matter.

    Args:
        labels: The class of each photo.
        earlier: The splits in all earlier versions, which may include photos that no longer exist.
        ratio: The shares of the splits in each class.
        own: The splits that the source assigns. The source's training photos are divided by the
            ratio like photos without a split, because few sources have three sets.
    """
    by_class: dict[int, list[str]] = defaultdict(list)
    for name, label in labels.items():
        by_class[label].append(name)
    splits: dict[str, Split] = {}
    for members in by_class.values():
        splits.update(_assign_class(members, earlier, ratio, own))
    return splits


def _assign_class(
    members: Iterable[str],
    earlier: Mapping[str, Split],
    ratio: SplitRatio,
    own: Mapping[str, Split],
) -> dict[str, Split]:
    held_out = {name: own[name] for name in members if own.get(name) in FILLED_FIRST}
    others = [name for name in members if name not in held_out]
    splits = {
        name: min(split, earlier.get(name, split), key=SPLITS.index)
        for name, split in held_out.items()
    }
    given = {split for name, split in splits.items() if split == held_out[name]}
    kept = {name: earlier[name] for name in others if name in earlier}
    sizes = ratio.sizes(len(others), given)
    missing: list[Split] = []
    for split in FILLED_FIRST:
        missing += [split] * (sizes[split] - list(kept.values()).count(split))
    new = sorted(name for name in others if name not in kept)
    missing += ["train"] * (len(new) - len(missing))
    return splits | kept | dict(zip(new, missing, strict=False))

"""Which images train, which validate, which test: the same on every machine, every time."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from include.contracts.dataset import SPLITS, Split
from include.image_classification.container import ProgramError

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

    def sizes(self, images: int, given: Collection[Split] = ()) -> dict[Split, int]:
        """Divide a class of so many images.

        From three images on, each split has at least one; two train and test, one trains.

        Args:
            images: How many.
            given: Splits that the class has already from elsewhere, and that get none of these;
                the others keep their proportions.
        """
        # Fractions, because 1 - 0.8 - 0.1 is not 0.1.
        train, validation = Fraction(str(self.train)), Fraction(str(self.validation))
        shares: dict[Split, Fraction] = {"validation": validation, "test": 1 - train - validation}
        wanted = [split for split in FILLED_FIRST if split not in given]
        whole = train + sum(shares[split] for split in wanted)
        sizes: dict[Split, int] = {"train": images, "validation": 0, "test": 0}
        for others, split in zip(reversed(range(len(wanted))), wanted, strict=True):
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
    """Give each photo, named by its content's hash, its split.

    A photo that ever had a split keeps it, so that nothing a model was trained on ever tests a
    later one. The source's own test and validation photos are what it says, unless a model may have
    seen them: of an earlier and an own split, that which trains more counts. Within a class, the
    other new photos are ranked by hash; the first fill what the class lacks of test photos, the
    next of validation photos, the rest train. Of what the source gives a class itself, it lacks
    nothing. The order of the mappings does not matter.

    Args:
        labels: The class of each photo.
        earlier: Splits in all earlier versions; it may name photos that are gone.
        ratio: The shares that each class is divided by.
        own: The splits that the source itself assigns. Training photos of a source are cut like
            those of which it says nothing: seldom has a source three sets.
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
    lacking: list[Split] = []
    for split in FILLED_FIRST:
        lacking += [split] * (sizes[split] - list(kept.values()).count(split))
    new = sorted(name for name in others if name not in kept)
    lacking += ["train"] * (len(new) - len(lacking))
    return splits | kept | dict(zip(new, lacking, strict=False))

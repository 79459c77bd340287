"""A candidate beside a model that answers the most frequent class for every image.

Such a model needs no training, so that a model which is no better is worth nothing, whatever its
top-1. Both are compared on the evaluated images, as candidate and champion are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.decisions.promotion.paired_predictions import mcnemar_p


@dataclass(frozen=True)
class MajorityComparison:
    """How a candidate does against the most frequent class as the answer to every image.

    Attributes:
        name: The most frequent class of the evaluated images.
        images: How many images were evaluated.
        most: How many of them are of that class.
        candidate_only: How many images of other classes the candidate got right.
        majority_only: How many images of that class the candidate got wrong.
    """

    name: str
    images: int
    most: int
    candidate_only: int
    majority_only: int

    @property
    def gain(self) -> float:
        """How much more the candidate gets right, as a share of the images; below 0 for less."""
        return (self.candidate_only - self.majority_only) / self.images

    @property
    def p_value(self) -> float:
        """The p-value of McNemar's test: how often chance would make at least this difference."""
        return mcnemar_p(self.candidate_only, self.majority_only)

    @property
    def best_p_value(self) -> float:
        """The p-value of a model that gets every image right."""
        return mcnemar_p(self.images - self.most, 0)


def compare_with_majority(evaluation: Mapping[str, Any]) -> MajorityComparison | None:
    """Compare a candidate with the most frequent class of the images that it was judged on.

    Args:
        evaluation: The candidate's evaluation.json, of whose `per_class` each class's `name`,
            `images` and `top1` are used.

    Returns:
        None where a class's images are not there, or where no class has an image.
    """
    classes = evaluation.get("per_class") or []
    if any(each.get("images") is None for each in classes):
        return None
    counted = [each for each in classes if each["images"]]
    if not counted or any(each.get("top1") is None for each in counted):
        return None
    most = max(counted, key=lambda each: int(each["images"]))
    right = {each["name"]: round(each["top1"] * each["images"]) for each in counted}
    return MajorityComparison(
        name=most["name"],
        images=sum(each["images"] for each in counted),
        most=most["images"],
        candidate_only=sum(right.values()) - right[most["name"]],
        majority_only=most["images"] - right[most["name"]],
    )


def split_size_problem(compared: MajorityComparison, significance: float, split: str) -> str | None:
    """Return that a split cannot show that any model beats the most frequent class, or None.

    Args:
        compared: The candidate's comparison.
        significance: The largest p-value that counts.
        split: The split's name, for the text.
    """
    if compared.best_p_value <= significance:
        return None
    others, needed = compared.images - compared.most, 1
    while mcnemar_p(needed, 0) > significance:
        needed += 1
    return (
        f"the {split} split is too small to decide: {others} of its {compared.images} images are "
        f"not of the most frequent class {compared.name}, so that even a model without a mistake "
        f"has p {compared.best_p_value:.3g}; with promotion.significance {significance:g} at least "
        f"{needed} are needed: add photos of other classes to the source"
    )

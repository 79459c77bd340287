"""Comparison of a candidate with the majority baseline.

The baseline predicts the most frequent class for every image. A candidate that is not better than
the baseline is useless, however high its top-1. Both are compared on the evaluated images by
McNemar's test, as candidate and champion are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.decisions.promotion.paired_predictions import mcnemar_p


@dataclass(frozen=True)
class MajorityComparison:
    """Counts of correct predictions of a candidate and of the majority baseline.

    Attributes:
        name: The most frequent class of the evaluated images.
        images: The number of evaluated images.
        most: The number of images of the most frequent class.
        candidate_only: The number of images of other classes that the candidate predicted right.
        majority_only: The number of images of the most frequent class that it predicted wrong.
    """

    name: str
    images: int
    most: int
    candidate_only: int
    majority_only: int

    @property
    def gain(self) -> float:
        """The candidate's top-1 minus the baseline's top-1."""
        return (self.candidate_only - self.majority_only) / self.images

    @property
    def p_value(self) -> float:
        """The p-value of McNemar's test."""
        return mcnemar_p(self.candidate_only, self.majority_only)

    @property
    def best_p_value(self) -> float:
        """The p-value of a model that predicts every image right."""
        return mcnemar_p(self.images - self.most, 0)


def compare_with_majority(evaluation: Mapping[str, Any]) -> MajorityComparison | None:
    """Compare a candidate with the majority baseline of the evaluated images.

    Args:
        evaluation: The candidate's evaluation.json, with `name`, `images` and `top1` of each class
            in `per_class`.

    Returns:
        None if a class lacks its number of images, or if no class has an image.
    """
    classes = evaluation.get("per_class") or []
    if any(entry.get("images") is None for entry in classes):
        return None
    counted = [entry for entry in classes if entry["images"]]
    if not counted or any(entry.get("top1") is None for entry in counted):
        return None
    most = max(counted, key=lambda entry: int(entry["images"]))
    right = {entry["name"]: round(entry["top1"] * entry["images"]) for entry in counted}
    return MajorityComparison(
        name=most["name"],
        images=sum(entry["images"] for entry in counted),
        most=most["images"],
        candidate_only=sum(right.values()) - right[most["name"]],
        majority_only=most["images"] - right[most["name"]],
    )


def split_size_problem(compared: MajorityComparison, significance: float, split: str) -> str | None:
    """Return a description of a split that is too small for any model to pass, or None.

    Args:
        compared: The candidate's comparison with the baseline.
        significance: The largest p-value that counts as significant.
        split: The split's name, for the text.
    """
    if compared.best_p_value <= significance:
        return None
    others, needed = compared.images - compared.most, 1
    while mcnemar_p(needed, 0) > significance:
        needed += 1
    return (
        f"the {split} split is too small to decide: {others} of its {compared.images} images are "
        f"not of the most frequent class {compared.name}, so that even a model without an error "
        f"has p {compared.best_p_value:.3g}; with promotion.significance {significance:g} at least "
        f"{needed} are needed: add photos of other classes to the source"
    )

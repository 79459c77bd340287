"""Comparison of a candidate with the majority baseline.

The baseline predicts the most frequent class for every image. A candidate that is not better than
the baseline is useless, however high its top-1. Both are compared on the evaluated images by
McNemar's test, as candidate and champion are.
"""

from __future__ import annotations

from dataclasses import dataclass

from include.contracts.records import EvaluationReport
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


def compare_with_majority(evaluation: EvaluationReport) -> MajorityComparison | None:
    """Compare a candidate with the majority baseline of the evaluated images.

    Args:
        evaluation: The candidate's evaluation.json, with `name`, `images` and `top1` of each class
            in `per_class`.

    Returns:
        None if a class lacks its number of images, or if no class has an image.
    """
    counts = {scores.name: scores.images for scores in evaluation.per_class}
    if None in counts.values() or not any(counts.values()):
        return None
    images = {name: count for name, count in counts.items() if count}
    right = {
        scores.name: round((scores.top1 or 0.0) * images[scores.name])
        for scores in evaluation.per_class
        if scores.name in images
    }
    name, most = max(images.items(), key=lambda entry: entry[1])
    return MajorityComparison(
        name=name,
        images=sum(images.values()),
        most=most,
        candidate_only=sum(right.values()) - right[name],
        majority_only=most - right[name],
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

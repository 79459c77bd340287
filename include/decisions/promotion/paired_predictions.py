"""Compare the predictions of candidate and champion on the same photos.

The predictions of each model on its test split were stored when it was evaluated. Later dataset
versions keep every earlier image's split, so that the two test splits have images in common. These
are compared, by the labels of the candidate's dataset version.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from math import comb
from typing import Any

from include.common.csv_cells import unescape_cell
from include.decisions.registry.packages import Package
from include.storage.layout import Layout


@dataclass(frozen=True)
class PairedPredictions:
    """Counts of right and wrong predictions on the images that both models have predicted.

    Attributes:
        both_right: Images that both models predicted right.
        candidate_only: Images that only the candidate predicted right.
        champion_only: Images that only the champion predicted right.
        both_wrong: Images that both predicted wrong.
        left_out: Classes that occur in only one of the splits; their images are not compared.
    """

    both_right: int
    candidate_only: int
    champion_only: int
    both_wrong: int
    left_out: tuple[str, ...] = ()

    @property
    def images(self) -> int:
        """The number of compared images."""
        return self.both_right + self.candidate_only + self.champion_only + self.both_wrong

    @property
    def candidate_top1(self) -> float:
        """The candidate's top-1 on the compared images."""
        return (self.both_right + self.candidate_only) / self.images

    @property
    def champion_top1(self) -> float:
        """The champion's top-1 on the compared images."""
        return (self.both_right + self.champion_only) / self.images

    @property
    def gain(self) -> float:
        """The candidate's top-1 minus the champion's top-1."""
        return (self.candidate_only - self.champion_only) / self.images

    @property
    def p_value(self) -> float:
        """The p-value of McNemar's test."""
        return mcnemar_p(self.candidate_only, self.champion_only)


def mcnemar_p(one_only: int, other_only: int) -> float:
    """Return the p-value of McNemar's test, two-sided and exact.

    The null hypothesis is that an image which only one model predicts right is equally likely to
    be either model's (McNemar 1947, doi:10.1007/BF02295996).

    Args:
        one_only: The number of images that only the first model predicted right.
        other_only: The number of images that only the second model predicted right.
    """
    differing, fewer = one_only + other_only, min(one_only, other_only)
    tail = sum(comb(differing, count) for count in range(fewer + 1))
    # Divide integers: a large power of two does not fit a float.
    return min(1.0, float(2 * tail / 2**differing))


def pair_predictions(
    s3: Any, layout: Layout, training_job: str, champion: Package
) -> PairedPredictions | None:
    """Compare a candidate's stored predictions with the champion's.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        training_job: The candidate's training job.
        champion: The champion's package.

    Returns:
        None if predictions are missing, or if no image was predicted by both models.
    """
    champion_job = champion.metadata.get("training_job")
    champions = _predictions(s3, layout, champion_job) if champion_job else None
    candidates = _predictions(s3, layout, training_job)
    if candidates is None or champions is None:
        return None
    classes, champion_classes = _classes(candidates), _classes(champions)
    common = classes & champion_classes
    keys = [
        key for key in candidates.keys() & champions.keys() if candidates[key]["name"] in common
    ]
    if not keys:
        return None
    right = [
        (_is_right(candidates[key], candidates[key]), _is_right(champions[key], candidates[key]))
        for key in keys
    ]
    return PairedPredictions(
        both_right=right.count((True, True)),
        candidate_only=right.count((True, False)),
        champion_only=right.count((False, True)),
        both_wrong=right.count((False, False)),
        left_out=tuple(sorted(classes ^ champion_classes)),
    )


def _predictions(s3: Any, layout: Layout, job: str) -> dict[str, Mapping[str, str]] | None:
    """Return the rows of a model's table of predictions by image, or None if it is missing."""
    try:
        response = s3.get_object(Bucket=layout.bucket, Key=layout.evaluation_answers(job))
    except s3.exceptions.NoSuchKey:
        return None
    rows = csv.DictReader(io.StringIO(response["Body"].read().decode()))
    return {row["key"]: {name: unescape_cell(cell) for name, cell in row.items()} for row in rows}


def _classes(predictions: Mapping[str, Mapping[str, str]]) -> set[str]:
    """Return the classes that have images in a split; dataset versions may differ in them."""
    return {row["name"] for row in predictions.values()}


def _is_right(prediction: Mapping[str, str], truth: Mapping[str, str]) -> bool:
    return prediction["predicted_name"] == truth["name"]

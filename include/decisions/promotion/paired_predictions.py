"""Candidate and champion on the same photos: where they differ, and whether that is chance.

Both were judged by batch transform, each on the night that trained it, and their answers lie beside
their evaluations. Later dataset versions keep every earlier image's split, so that two test splits
share the older one's images: those are compared, by the labels of the candidate's version.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from math import comb
from typing import Any

from include.common.csv_cells import restore
from include.decisions.registry.packages import Package
from include.storage.layout import Layout


@dataclass(frozen=True)
class PairedPredictions:
    """How two models did on the images that both were asked.

    `left_out` names the classes that only one of them knows: their images do not count.
    """

    both_right: int
    candidate_only: int
    champion_only: int
    both_wrong: int
    left_out: tuple[str, ...] = ()

    @property
    def images(self) -> int:
        """How many images both were asked."""
        return self.both_right + self.candidate_only + self.champion_only + self.both_wrong

    @property
    def candidate_top1(self) -> float:
        """The candidate's share of right first guesses."""
        return (self.both_right + self.candidate_only) / self.images

    @property
    def champion_top1(self) -> float:
        """The champion's share of right first guesses."""
        return (self.both_right + self.champion_only) / self.images

    @property
    def gain(self) -> float:
        """How much more the candidate gets right, as a share of the images; below 0 for less."""
        return (self.candidate_only - self.champion_only) / self.images

    @property
    def p_value(self) -> float:
        """How often two equally good models would differ by at least this much."""
        return mcnemar_p(self.candidate_only, self.champion_only)


def mcnemar_p(one_only: int, other_only: int) -> float:
    """Return the p-value of McNemar's test, two-sided and exact.

    Of the images that only one model got right, each is as likely the one's as the other's
    (McNemar 1947, doi:10.1007/BF02295996).

    Args:
        one_only: How many images only the one model got right.
        other_only: How many only the other got right.
    """
    differing, fewer = one_only + other_only, min(one_only, other_only)
    tail = sum(comb(differing, count) for count in range(fewer + 1))
    # Whole numbers until the end: a power of two this large has no float.
    return min(1.0, float(2 * tail / 2**differing))


def pair_predictions(
    s3: Any, layout: Layout, training_job: str, champion: Package
) -> PairedPredictions | None:
    """Compare a candidate's answers with those that the champion gave on its night.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        training_job: The candidate's.
        champion: The package that it is compared with.

    Returns:
        None where the champion's answers are not there, or no image was asked of both.
    """
    its_job = champion.metadata.get("training_job")
    theirs = _answers(s3, layout, its_job) if its_job else None
    mine = _answers(s3, layout, training_job)
    if mine is None or theirs is None:
        return None
    known, its_known = _classes(mine), _classes(theirs)
    asked = [key for key in mine.keys() & theirs.keys() if mine[key]["name"] in known & its_known]
    if not asked:
        return None
    right = [(_is_right(mine[key], mine[key]), _is_right(theirs[key], mine[key])) for key in asked]
    return PairedPredictions(
        both_right=right.count((True, True)),
        candidate_only=right.count((True, False)),
        champion_only=right.count((False, True)),
        both_wrong=right.count((False, False)),
        left_out=tuple(sorted(known ^ its_known)),
    )


def _answers(s3: Any, layout: Layout, job: str) -> dict[str, Mapping[str, str]] | None:
    """Return a model's answers by image, or None where they are not there."""
    try:
        answer = s3.get_object(Bucket=layout.bucket, Key=layout.evaluation_answers(job))
    except s3.exceptions.NoSuchKey:
        return None
    rows = csv.DictReader(io.StringIO(answer["Body"].read().decode()))
    return {row["key"]: {name: restore(cell) for name, cell in row.items()} for row in rows}


def _classes(answers: Mapping[str, Mapping[str, str]]) -> set[str]:
    """Return the classes that have images in a split; a later version may have more, or fewer."""
    return {row["name"] for row in answers.values()}


def _is_right(answer: Mapping[str, str], truth: Mapping[str, str]) -> bool:
    return answer["predicted_name"] == truth["name"]

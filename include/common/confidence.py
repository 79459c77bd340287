"""Confidence intervals of shares."""

from __future__ import annotations

from math import sqrt

Z95 = 1.959964
"""The 97.5 % quantile of the normal distribution."""


def wilson_interval(share: float | None, images: int | None) -> tuple[float, float] | None:
    """Return the 95 % confidence interval of a share of images, or None without images.

    Wilson's score interval (Wilson 1927, doi:10.1080/01621459.1927.10502953), which stays within 0
    and 1 and holds for few images and for shares near 0 or 1.
    """
    if share is None or not images:
        return None
    square = Z95 * Z95 / images
    center = (share + square / 2) / (1 + square)
    half = Z95 / (1 + square) * sqrt(share * (1 - share) / images + square / (4 * images))
    return max(0.0, center - half), min(1.0, center + half)

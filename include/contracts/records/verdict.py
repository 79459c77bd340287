"""verdict.json: the verdict on a candidate, written by nightly training beside its evaluation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from include.contracts.records.base import Record


class GateResult(Record):
    """A promotion gate: a figure and its limit; `value` is None if the figure is missing."""

    metric: str
    value: float | None
    limit: Literal["at least", "at most", "more than"]
    threshold: float
    margin: float | None
    passed: bool


class VerdictRecord(Record):
    """The verdict on a candidate, with the figures that it depends on.

    `compared_images` to `classes_left_out` are missing if no champion was compared, `rule` is
    missing without a champion.
    """

    verdict: Literal["promote", "keep", "await approval"]
    reason: str
    top1: float | None = None
    top5: float | None = None
    calibration_error: float | None = None
    split: str | None = None
    images: int | None = None
    compared_images: int | None = None
    compared_top1: float | None = None
    champion_top1: float | None = None
    gain: float | None = None
    p_value: float | None = None
    classes_left_out: list[str] = Field(default_factory=list)
    rule: str | None = None
    gates: list[GateResult] = Field(default_factory=list)

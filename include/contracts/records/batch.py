"""plan.json and batch.json: a batch before its jobs, by `select`, and after, by batch inference."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from include.contracts.records.base import Record
from include.contracts.records.report import DriftReport

Images = dict[str, str]
"""ETags of images by their keys below incoming/."""


class BatchPlan(Record):
    """The images that a batch takes and leaves out.

    `unreadable` has the reasons of the images that are left out, and `unreadable_tags` their ETags.
    `package` is the ARN of the model package that predicted the batch; plan.json has none. `forced`
    means that a user wants images to be predicted again.
    """

    batch: str = ""
    images: Images = Field(default_factory=dict)
    unreadable: dict[str, str] = Field(default_factory=dict)
    unreadable_tags: Images = Field(default_factory=dict)
    package: str | None = None
    forced: bool = False


class BatchCounts(Record):
    """Numbers of a batch's images; `elsewhere` are those that other batches predicted before."""

    images: int = 0
    elsewhere: int = 0
    unreadable: int = 0
    uncertain: int | None = None


class BatchRecord(BatchPlan):
    """A complete batch: its images count as predicted.

    `elsewhere` maps images that other batches predicted before to these batches. `predictions` and
    `report` are URIs, and None in a batch that `select` found to have no readable image.
    """

    stage: str = "batch"
    elsewhere: dict[str, str] = Field(default_factory=dict)
    counts: BatchCounts = Field(default_factory=BatchCounts)
    drift: DriftReport | None = None
    predictions: str | None = None
    report: str | None = None
    jobs: list[str] = Field(default_factory=list)
    seconds: float | None = None
    created: str | None = None

    def figures(self) -> dict[str, Any]:
        """Return the record for JSON without its lists of images, which may be long."""
        lists = {"images", "unreadable", "unreadable_tags", "elsewhere"}
        return {name: value for name, value in self.as_json().items() if name not in lists}

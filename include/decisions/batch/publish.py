"""When a batch's two jobs have succeeded: which of its images does its record say are predicted?

A run may be cleared when a later one has predicted its images. No image is to be in two records,
and none is to be lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from include.common.text import few_of
from include.decisions.batch.completeness import need_answers
from include.decisions.batch.ledger import committed
from include.decisions.decision import Decision
from include.storage.layout import Layout
from include.storage.records import need_record, write_record


@dataclass(frozen=True)
class Commit:
    """What a batch has planned, and which of its images other batches have predicted."""

    plan: dict[str, Any]
    elsewhere: dict[str, str]
    """Keys of images, and the batch whose record has them."""

    @property
    def images(self) -> dict[str, str]:
        """The images that this batch's record shall have, with their tags."""
        images: dict[str, str] = self.plan["images"]
        return {key: tag for key, tag in images.items() if key not in self.elsewhere}


def plan_commit(s3: Any, layout: Layout, batch: str) -> Commit:
    """Look at what a batch was to predict, and at what others have predicted meanwhile.

    A person who forces a batch wants its images predicted again, so none of them is looked for.

    Raises:
        RecordError: The batch was not planned.
    """
    plan = need_record(s3, layout.bucket, layout.batch_plan(batch), "this run's plan task")
    if plan.get("forced"):
        return Commit(plan, {})
    planned = set(plan["images"].items())
    predicted = committed(s3, layout, planned, without=batch).predicted
    return Commit(plan, {key: by for (key, _), by in predicted.items()})


def decide_commit(commit: Commit) -> Decision:
    """Decide whether the batch has predicted anything that no other has."""
    if not commit.elsewhere:
        return Decision(True, f"{len(commit.images)} images are predicted")
    told = (
        f"{len(commit.elsewhere)} images were predicted by other batches before ({_named(commit)})"
    )
    if not commit.images:
        return Decision(False, f"all {told}: this batch does not count")
    return Decision(True, f"{len(commit.images)} images are predicted; {told} and stay theirs")


def _named(commit: Commit) -> str:
    return few_of([f"{key} by {batch}" for key, batch in sorted(commit.elsewhere.items())])


def write_commit(
    s3: Any, layout: Layout, commit: Commit, answered: dict[str, Any], reported: dict[str, Any]
) -> dict[str, Any]:
    """Write the record of a batch whose two jobs succeeded: its images now count as predicted.

    Returns:
        The record without its lists of images.

    Raises:
        RecordError: The report is missing, or is not of exactly the images that were planned.
    """
    batch, job = commit.plan["batch"], f"job {reported['job_name']}"
    need_answers(s3, layout, commit.plan, job)
    report = need_record(s3, layout.bucket, layout.batch_summary(batch), job)
    summary = {
        "stage": "batch",
        "batch": batch,
        "counts": {
            "images": len(commit.images),
            "elsewhere": len(commit.elsewhere),
            "unreadable": len(commit.plan["unreadable"]),
            "uncertain": report.get("uncertain"),
        },
        "drift": report.get("drift"),
        "predictions": answered["outputs"]["transform"],
        "report": reported["outputs"]["result"],
        "jobs": [answered["job_name"], reported["job_name"]],
        "seconds": answered["seconds"] + reported["seconds"],
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    lists = {"images": commit.images, "elsewhere": commit.elsewhere}
    write_record(s3, layout.bucket, layout.batch_record(batch), {**commit.plan, **lists, **summary})
    return summary

"""night.json and retraining.json: the last decision to train, and a batch's request to train."""

from __future__ import annotations

from include.contracts.records.base import Record


class TrainingDecision(Record):
    """What the last run of nightly training decided, and why.

    The candidate's lineage, as in its model package, is in further fields.
    """

    decided: str
    trains: bool
    reason: str


class RetrainingRequest(Record):
    """A batch's request for a training, because its photos have drifted.

    `package` is the ARN of the model package that predicted the batch; it is None in requests of
    earlier releases.
    """

    batch: str = ""
    package: str | None = None
    reason: str = ""
    created: str | None = None

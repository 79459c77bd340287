"""What is known of the datasets of a job, apart from their S3 URIs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Check:
    """A limit that the rows of a dataset had to keep.

    Attributes:
        name: What was checked.
        passed: Whether the limit was kept.
        expected: The limit, as text.
        actual: The value, as text.
    """

    name: str
    passed: bool
    expected: str = ""
    actual: str = ""


@dataclass(frozen=True)
class DatasetFacts:
    """Facts about one dataset in S3.

    Attributes:
        uri: An S3 URI: that of an input or output of the job, or one below it.
        rows: The number of photos, records or rows; None if it is unknown.
        bytes: The size; None if it is unknown.
        distinct: The numbers of distinct values, by column: of classes, for example.
        figures: Numbers that OpenLineage has no name for: top-1, drift, cost.
        checks: Limits that the data had to keep; for inputs only.
    """

    uri: str
    rows: int | None = None
    bytes: int | None = None
    distinct: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class JobFacts:
    """Facts about a job's inputs and outputs.

    A URI that the job's description has, too, adds its facts to that dataset; another URI is one
    more dataset of the job.
    """

    inputs: tuple[DatasetFacts, ...] = ()
    outputs: tuple[DatasetFacts, ...] = ()


FactsFunction = Callable[[Mapping[str, Any]], JobFacts]
"""Returns the facts of a completed job, given its summary."""

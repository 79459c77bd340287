"""A user's decision on a model package, written by the model page before it changes the registry.

The registry has no conditional update, so that of two users who decide at once, the second would
overwrite the first. The records are numbered, and each is written only if it does not exist: the
second user learns what the first has decided.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from include.contracts.records.base import Record


class ApprovalDecision(Record):
    """Who approved or rejected a package, when (ISO 8601) and why; `package` is its ARN."""

    stage: str = "approval"
    package: Annotated[str, Field(min_length=1)]
    approval: Literal["Approved", "Rejected"]
    who: Annotated[str, Field(min_length=1)]
    when: str
    why: str = ""

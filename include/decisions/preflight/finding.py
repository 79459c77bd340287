"""The finding of a check, and the table of findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "failed", "unknown"]


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        check: The name of the check.
        status: `failed` if a run would fail, `unknown` if the check could not be made.
        found: The state that was found.
        fix: What to do; empty if there is nothing to do.
    """

    check: str
    status: Status
    found: str
    fix: str = ""


def ok(check: str, found: str) -> Finding:
    """Return a finding that is right."""
    return Finding(check, "ok", found)


def failed(check: str, found: str, fix: str) -> Finding:
    """Return a finding that would fail a run."""
    return Finding(check, "failed", found, fix)


def unknown(check: str, found: str, fix: str = "") -> Finding:
    """Return a finding of a check that could not be made."""
    return Finding(check, "unknown", found, fix)


def failures(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that would fail a run."""
    return [finding for finding in findings if finding.status == "failed"]


def table(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield lines with the columns status, check and found; a fix is in a line of its own."""
    rows = list(findings)
    width = max((len(row.check) for row in rows), default=0)
    for row in rows:
        yield f"{row.status:<7}  {row.check:<{width}}  {row.found}"
        if row.fix:
            yield f"{'':<7}  {'':<{width}}  fix: {row.fix}"

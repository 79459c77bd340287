"""What a check found, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "failed", "unknown"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: What was looked at.
        status: `failed` where a run would fail, `unknown` where nobody could say.
        found: What is there.
        fix: What to do; empty where nothing is to be done.
    """

    check: str
    status: Status
    found: str
    fix: str = ""


def ok(check: str, found: str) -> Finding:
    """Return that something is as it has to be."""
    return Finding(check, "ok", found)


def failed(check: str, found: str, fix: str) -> Finding:
    """Return that something is wrong."""
    return Finding(check, "failed", found, fix)


def unknown(check: str, found: str, fix: str = "") -> Finding:
    """Return that something could not be looked at."""
    return Finding(check, "unknown", found, fix)


def failures(findings: Iterable[Finding]) -> list[Finding]:
    """Return what is wrong."""
    return [each for each in findings if each.status == "failed"]


def table(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield lines with status, check and what was found in columns, each fix in a line below."""
    rows = list(findings)
    width = max((len(each.check) for each in rows), default=0)
    for each in rows:
        yield f"{each.status:<7}  {each.check:<{width}}  {each.found}"
        if each.fix:
            yield f"{'':<7}  {'':<{width}}  fix: {each.fix}"

"""Result of a check."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Result of a check; `verdict` is good, fair (works with limitations) or bad."""

    subject: str
    verdict: str
    found: str
    meaning: str

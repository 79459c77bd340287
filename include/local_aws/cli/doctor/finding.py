"""What is said of one thing that was looked at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: `verdict` is good, fair (it works, with less) or bad."""

    subject: str
    verdict: str
    found: str
    meaning: str

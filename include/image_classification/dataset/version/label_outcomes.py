"""What became of the labels in a refresh, for dataset.json, the page and labels.jsonl."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from include.contracts.records import LabelsReport

Kind = Literal[
    "added",  # a photo of incoming/ is in the version by its label
    "corrected",  # a photo of the source has another class than in the source
    "confirmed",  # the label is the class of the source
    "not usable",  # the photo is quarantined
    "conflict",  # users disagree; the photo keeps its class, or stays out
    "unknown class",  # the label has no effect
    "refused",  # the photo is quarantined for another reason
    "gone",  # there is no such photo, or no longer
    "pending",  # the next refresh will look for the photo
    "bad line",  # the line is no label
]
KINDS: tuple[Kind, ...] = get_args(Kind)
CHANGING: frozenset[Kind] = frozenset({"added", "corrected", "not usable"})
PROBLEMS: frozenset[Kind] = frozenset(KINDS) - CHANGING - {"confirmed"}

NAMED_IN_LOG = 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the labels of one photo, or of one line.

    Attributes:
        kind: See `Kind`.
        photo: The photo's path in the dataset, or the name in the label.
        sha256: The hash of the photo, if it is known.
        class_name: The photo's class in the version, or None if it has none.
        before: The class in the source, or None.
        who: The user whose label counts, if there is one.
        when: The time of this label.
        source: The label file, relative to labels/.
        line: The line in the label file.
        detail: Why, for users.
        new: Whether the previous version differs.
    """

    kind: Kind
    photo: str
    sha256: str | None = None
    class_name: str | None = None
    before: str | None = None
    who: str | None = None
    when: str | None = None
    source: str | None = None
    line: int | None = None
    detail: str = ""
    new: bool = False


@dataclass(frozen=True)
class LabelResult:
    """The outcomes of all labels, in the order of `KINDS`; new ones first."""

    outcomes: Sequence[Outcome] = ()
    files: int = 0
    lines: int = 0
    ledger_rows: int = 0
    bad_lines: int = 0

    def counts(self, only_new: bool = False) -> dict[str, int]:
        """Return the number of outcomes of each kind that occurs, in the order of `KINDS`."""
        found = Counter(row.kind for row in self.outcomes if row.new or not only_new)
        if not only_new:
            found["bad line"] = self.bad_lines
        return {kind: found[kind] for kind in KINDS if found[kind]}

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of labels.jsonl."""
        for row in self.outcomes:
            named = {"kind": row.kind, "photo": row.photo, "sha256": row.sha256}
            given = {"who": row.who, "when": row.when, "file": row.source, "line": row.line}
            classes = {"class": row.class_name, "before": row.before}
            yield named | classes | given | {"detail": row.detail, "new": row.new}

    def report(self) -> LabelsReport:
        """Return the part of dataset.json about labels."""
        return LabelsReport(
            files=self.files,
            lines=self.lines,
            ledger_rows=self.ledger_rows,
            outcomes=self.counts(),
            new=self.counts(only_new=True),
        )

    def log(self) -> None:
        """Log the counts, and the first labels that have no effect."""
        if not self.files:
            return
        counts = ", ".join(f"{count} {kind}" for kind, count in self.counts().items())
        _log.info("labels/: %d lines in %d files: %s", self.lines, self.files, counts or "none")
        problems = [row for row in self.outcomes if row.kind in PROBLEMS]
        for row in problems[:NAMED_IN_LOG]:
            _log.warning("label of %s: %s, %s", row.photo, row.kind, row.detail)
        if len(problems) > NAMED_IN_LOG:
            _log.warning("%d more labels without effect", len(problems) - NAMED_IN_LOG)


def in_order(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return outcomes in the order in which they are shown."""
    return sorted(outcomes, key=lambda row: (KINDS.index(row.kind), not row.new, row.photo))

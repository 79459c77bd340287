"""Opinions of users on photos, and what they decide together."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from include.contracts.dataset import LabelSource
from include.contracts.records import LabelRecord
from include.image_classification.dataset.corrections.class_names import normal_name

NAMED = 3
"""How many users a message names."""


Verdict = Literal["class", "not usable", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Opinion:
    """A line of a label file; about 500 bytes in memory.

    Attributes:
        file: The photo by its place, without the pipeline's folder, or None; see `LabelRecord`.
        sha256: The photo by its hash, or None.
        etag: The ETag of the object that the user saw, or None.
        verdict: The class as `normal_name` writes it, or None for the other verdicts.
        kind: What the line says.
        settles: Whether earlier opinions of all users do not count any more.
        who: The user.
        when: The time as it was written.
        moment: The time in seconds since 1970.
        note: The user's note.
        source: The label file, relative to labels/.
        line: The line's number.
    """

    file: str | None
    sha256: str | None
    etag: str | None
    verdict: str | None
    kind: Verdict
    settles: bool
    who: str
    when: str
    moment: float
    note: str
    source: str
    line: int

    @classmethod
    def of(cls, record: LabelRecord, file: str | None, source: str, line: int) -> Opinion:
        """Return the opinion of a record from this line, with its file as in `Opinion.file`."""
        name = record.class_name and (normal_name(record.class_name) or record.class_name)
        stated: Verdict = "class" if name is not None else "not usable"
        return cls(
            file=file,
            sha256=record.sha256,
            etag=record.etag,
            verdict=name and sys.intern(name),
            kind="withdrawn" if record.withdrawn else stated,
            settles=record.settles,
            who=sys.intern(record.who),
            when=record.when,
            moment=record.moment.timestamp(),
            note=record.note,
            source=source,
            line=line,
        )

    @property
    def label_source(self) -> LabelSource:
        """The entry of the manifest that says who gave the class."""
        given = LabelSource(who=self.who, when=self.when, file=self.source)
        return LabelSource(**given, note=self.note) if self.note else given

    def describe(self) -> str:
        """Return the opinion for users."""
        said = f"the class is {self.verdict!r}" if self.kind == "class" else "it is not usable"
        return f"{self.who} says that {said} ({self.when})" + (
            f": {self.note}" if self.note else ""
        )

    def agrees(self, other: Opinion) -> bool:
        """Return whether both say the same."""
        return (self.kind, self.verdict) == (other.kind, other.verdict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the opinions on a photo decide.

    Attributes:
        opinion: The opinion that counts: the oldest of those that agree, so that a confirmation
            changes nothing. None if the users disagree.
        disagreeing: The opinions of users who disagree; empty without a conflict.
    """

    opinion: Opinion | None
    disagreeing: Sequence[Opinion] = ()

    def describe_conflict(self) -> str:
        """Return the opinions that disagree, for users."""
        first = "; ".join(opinion.describe() for opinion in self.disagreeing[:NAMED])
        more = len(self.disagreeing) - NAMED
        return first + (f"; and {more} more" if more > 0 else "")


def decide(opinions: Iterable[Opinion]) -> Decision | None:
    """Return what opinions on one photo decide; None if all are withdrawn, or there are none.

    Of one user's opinions the newest counts, of those with the same time the last in the order of
    label files and lines.
    """
    current: dict[str, Opinion] = {}
    for opinion in sorted(opinions, key=_order):
        former = current.get(opinion.who)
        if opinion.settles:
            current.clear()
        # A user who confirms an opinion has it since the first time.
        current[opinion.who] = former if former and former.agrees(opinion) else opinion
    standing = sorted(
        (opinion for opinion in current.values() if opinion.kind != "withdrawn"),
        key=_order,
    )
    if not standing:
        return None
    if all(opinion.agrees(standing[0]) for opinion in standing):
        return Decision(standing[0])
    return Decision(None, standing)


def _order(opinion: Opinion) -> tuple[float, str, int]:
    return opinion.moment, opinion.source, opinion.line

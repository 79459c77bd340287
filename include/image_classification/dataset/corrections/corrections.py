"""The labels of users, as a refresh applies them to the photos of a source."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from include.contracts.dataset import LabelSource
from include.contracts.label_photos import JoinedPhoto
from include.contracts.records.label import IMAGES
from include.image_classification.dataset.corrections.class_names import LabelClasses
from include.image_classification.dataset.corrections.ledger import write_label_ledger
from include.image_classification.dataset.corrections.naming import PhotoNames, name_of, path_id
from include.image_classification.dataset.corrections.opinions import Decision, Opinion, decide
from include.image_classification.dataset.corrections.reading import ReadLabels
from include.image_classification.dataset.version.label_outcomes import (
    Kind,
    LabelResult,
    Outcome,
    in_order,
)
from include.image_classification.dataset.version.manifest import Quarantined, image_key
from include.image_classification.dataset.version.photo_check import Content, Photo

ORIGINAL = "webp"
"""The format of photos that are stored as uploaded and, converted, as images."""


@dataclass(frozen=True)
class Ruling:
    """What labels decide about a photo: its class and who gave it, or why it is not usable."""

    label: int
    label_source: LabelSource | None = None
    refusal: str | None = None


_STAYS_OUT = Ruling(0, refusal="its labels do not agree on a class any more: see the label report")
"""For a labelled photo that is not part of the source."""


@dataclass(frozen=True)
class Given:
    """The class that labels gave an image of the previous version."""

    class_name: str
    label_source: LabelSource


@dataclass(frozen=True)
class JoiningPhoto:
    """A labelled photo that is not part of the source.

    Attributes:
        sha256: The hash of its bytes.
        path: Its path in the dataset.
        file: Its file in this job.
    """

    sha256: str
    path: str
    file: Path


@dataclass(frozen=True)
class LabelledPhoto(Photo):
    """A labelled photo that is not part of the source, with the hash that its bytes must have."""

    sha256: str = ""


@dataclass
class Corrections:
    """The labels of users; several threads may use `rule`.

    Attributes:
        read: The label files.
        names: The photos that the labels name.
        label_classes: The classes that labels may give.
        classes: The classes of the source and the new ones that labels give, in label order.
        given: What labels gave the images of the previous version, by the hash of the image, and
            by that of its photo if labels gave a class to only one image of the photo.
        unusable: The hashes of the photos that were not usable in the previous version.
    """

    read: ReadLabels = field(default_factory=ReadLabels)
    names: PhotoNames = field(default_factory=lambda: PhotoNames(Path(), {}, {}))
    label_classes: LabelClasses = field(default_factory=lambda: LabelClasses((), False))
    classes: Sequence[str] = ()
    given: dict[str, Given] = field(default_factory=dict)
    unusable: Collection[str] = ()
    _opinions: dict[str, list[Opinion]] = field(default_factory=lambda: defaultdict(list))
    _joining: dict[str, JoiningPhoto] = field(default_factory=dict)
    _joined: dict[str, JoinedPhoto] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _ruled: dict[tuple[bool, str], Outcome] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _without_photo: list[Outcome] = field(default_factory=list)

    def add(self, photo: str, opinion: Opinion) -> None:
        """Add an opinion on a photo, by its hash or `path_id`."""
        self._opinions[photo].append(opinion)

    def add_without_effect(self, kind: Kind, opinion: Opinion, detail: str) -> None:
        """Add an opinion that has no effect, with the reason."""
        self._without_photo.append(_outcome(kind, name_of(opinion), opinion, detail=detail))

    def add_joining(self, photo: JoiningPhoto) -> None:
        """Add a labelled photo that is not part of the source."""
        self._joining.setdefault(photo.path, photo)

    def has_opinions(self, sha256: str) -> bool:
        """Return whether labels name the photo with this hash."""
        return sha256 in self._opinions

    def entries(self) -> Iterator[Photo]:
        """Yield the labelled photos that are not part of the source, if users agree on them.

        `rule` gives these photos their class.
        """
        for photo in sorted(self._joining.values(), key=lambda photo: photo.path):
            decision = decide(self._opinions.get(photo.sha256, ()))
            if decision and (decision.opinion or self._kept(photo.sha256)):
                yield LabelledPhoto(photo.path, 0, photo.file.read_bytes(), sha256=photo.sha256)

    def rule(self, photo: Photo, sha256: str, content: Content) -> Ruling | None:
        """Return what labels decide about a photo; None if the source's label counts.

        Args:
            photo: The photo, from the source or from `entries`.
            sha256: The hash of its bytes.
            content: The image that it gives, which may be a part of the photo.
        """
        if not self._opinions:
            return None
        joins = isinstance(photo, LabelledPhoto)
        if isinstance(photo, LabelledPhoto) and photo.sha256 != sha256:
            return Ruling(
                0, refusal="its stored bytes are not those of the photo that was labelled"
            )
        decision = decide(self._find(photo.path, sha256, content))
        if decision is None:
            return _STAYS_OUT if joins else None
        before = None if joins else photo.label
        given = self._kept(content.sha256) or self._kept(sha256)
        ruling, outcome = self._decide(decision, photo.path, sha256, before, given)
        self._ruled[joins, content.sha256] = outcome
        if not joins:
            return ruling
        if ruling is None:  # entries() does not know what the opinions on its image say
            return _STAYS_OUT
        if not ruling.refusal:
            self._note_joined(photo.path, sha256, content)
        return ruling

    def _note_joined(self, path: str, sha256: str, content: Content) -> None:
        """Note a photo that joins, with the first of its paths, which the dataset has, too."""
        # A photo in a format that is converted is stored in both formats.
        key = image_key(sha256, ORIGINAL) if content.cut else content.key
        with self._lock:
            known = self._joined.get(sha256)
            if known is None or path < known["path"]:
                stored = f"{IMAGES}{key}"
                self._joined[sha256] = JoinedPhoto(sha256=sha256, stored=stored, path=path)

    def moved_from(self) -> Counter[str]:
        """Return how many photos labels moved out of each class of the source."""
        moved = (row.before for row in self._ruled.values() if row.before != row.class_name)
        return Counter(name for name in moved if name is not None)

    def finish(self, quarantined: Sequence[Quarantined], ledgers: Path) -> LabelResult:
        """Write the label ledger, and return what became of all labels.

        Args:
            quarantined: All quarantined photos of the refresh.
            ledgers: The folder of this refresh's ledgers.
        """
        rows = write_label_ledger(
            ledgers, self.read.opinions, self.names.bound, self._joined.values()
        )
        bad = [
            Outcome("bad line", row.source, source=row.source, line=row.line, detail=row.problem)
            for row in self.read.problems
        ]
        # A photo of the source that was also uploaded to incoming/ counts as the source's.
        ruled = sorted(self._ruled.items(), key=lambda item: item[0], reverse=True)
        seen = {image: row for (_, image), row in ruled}
        unseen = self._unseen(quarantined)
        return LabelResult(
            outcomes=in_order([*seen.values(), *unseen, *self._without_photo, *bad]),
            files=self.read.files,
            lines=self.read.lines,
            ledger_rows=rows,
            bad_lines=self.read.bad_lines,
        )

    def _find(self, path: str, sha256: str, content: Content) -> list[Opinion]:
        """Return the opinions on a photo, on the image of it, and on its path."""
        named = path_id(path)
        for opinion in self._opinions.get(named, ()):
            self.names.bind(opinion, content.sha256)
        found = [name for name in {sha256, content.sha256, named} if name in self._opinions]
        self._used.update(found)
        return [opinion for name in found for opinion in self._opinions[name]]

    def _decide(
        self, decision: Decision, path: str, sha256: str, before: int | None, given: Given | None
    ) -> tuple[Ruling | None, Outcome]:
        source_class = None if before is None else self.classes[before]
        opinion = decision.opinion
        if opinion is None:
            return self._keep(decision, path, sha256, source_class, given)
        if opinion.kind == "not usable":
            new = sha256 not in self.unusable
            outcome = _outcome("not usable", path, opinion, sha256, before=source_class, new=new)
            return Ruling(0, refusal=opinion.describe()), outcome
        name = self.label_classes.name(opinion.verdict or "") or ""
        if name == source_class:
            return None, _outcome("confirmed", path, opinion, sha256, name, source_class)
        new = given != Given(name, opinion.label_source)
        kind: Kind = "added" if before is None else "corrected"
        outcome = _outcome(kind, path, opinion, sha256, name, source_class, new=new)
        return Ruling(self.classes.index(name), opinion.label_source), outcome

    def _keep(
        self,
        decision: Decision,
        path: str,
        sha256: str,
        source_class: str | None,
        kept: Given | None,
    ) -> tuple[Ruling | None, Outcome]:
        """Keep the class that a photo has, because users disagree."""
        name = kept.class_name if kept else source_class
        outcome = Outcome(
            "conflict", path, sha256, name, source_class, detail=decision.describe_conflict()
        )
        if kept is None or name == source_class:
            return None, outcome
        return Ruling(self.classes.index(kept.class_name), kept.label_source), outcome

    def _kept(self, sha256: str) -> Given | None:
        """Return what labels gave a photo in the previous version, if the class still exists."""
        given = self.given.get(sha256)
        return given if given and given.class_name in self.classes else None

    def _unseen(self, quarantined: Sequence[Quarantined]) -> Iterator[Outcome]:
        """Yield the outcomes of photos that are in neither the source nor the labelled photos."""
        refused = {row.sha256: row for row in quarantined if row.sha256 in self._opinions}
        for photo, opinions in self._opinions.items():
            decision = None if photo in self._used else decide(opinions)
            if decision is None:
                continue
            named = name_of(opinions[-1])
            if photo in refused:
                row = refused[photo]
                yield _outcome(
                    "refused",
                    row.path,
                    decision.opinion,
                    photo,
                    detail=f"{row.reason}, {row.detail}",
                )
            elif decision.opinion is None:
                yield Outcome("conflict", named, photo, detail=decision.describe_conflict())
            else:
                detail = "neither the source nor incoming/ has this photo"
                yield _outcome("gone", named, decision.opinion, photo, detail=detail)


def _outcome(
    kind: Kind,
    photo: str,
    opinion: Opinion | None,
    sha256: str | None = None,
    class_name: str | None = None,
    before: str | None = None,
    detail: str = "",
    new: bool = False,
) -> Outcome:
    if opinion is None:
        return Outcome(kind, photo, sha256, class_name, before, detail=detail, new=new)
    return Outcome(
        kind=kind,
        photo=photo,
        sha256=sha256,
        class_name=class_name,
        before=before,
        who=opinion.who,
        when=opinion.when,
        source=opinion.source,
        line=opinion.line,
        detail=detail or opinion.note,
        new=new,
    )

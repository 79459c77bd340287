"""Open the labels of users for a refresh: read them, and find the photos that they name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from include.contracts.commands import Input
from include.image_classification.container import processing_input
from include.image_classification.dataset.corrections.class_names import LabelClasses
from include.image_classification.dataset.corrections.corrections import (
    Corrections,
    Given,
    JoiningPhoto,
)
from include.image_classification.dataset.corrections.ledger import (
    LabelLedger,
    read_label_ledger,
    read_located,
)
from include.image_classification.dataset.corrections.naming import PhotoNames, Unfound
from include.image_classification.dataset.corrections.reading import Places, read_labels
from include.image_classification.dataset.version.previous import PreviousVersion


def open_corrections(
    classes: Sequence[str], previous: PreviousVersion, places: Places, new_classes: bool
) -> Corrections:
    """Read the labels in the job's inputs.

    Args:
        classes: The classes of the source.
        previous: The previous version, whose photos labels may name.
        places: The S3 addresses by which labels may name photos.
        new_classes: Whether labels may create classes.

    Raises:
        CommandError: The label ledger or the plan's file is damaged.
    """
    read = read_labels(processing_input(Input.LABELS), places)
    if not read.files:
        return Corrections(classes=classes)
    ledger = read_label_ledger(processing_input(Input.LEDGER))
    located = read_located(processing_input(Input.LABEL_PLAN))
    names = PhotoNames(processing_input(Input.LABELLED), located, ledger.bound)
    names.index_previous(read.opinions, previous.images, previous.quarantined)
    label_classes = LabelClasses(classes, new_classes)
    verdicts = (opinion.verdict for opinion in read.opinions if opinion.verdict)
    corrections = Corrections(
        read=read,
        names=names,
        label_classes=label_classes,
        classes=label_classes.extended(dict.fromkeys(verdicts)),
        unusable={
            row.sha256 for row in previous.quarantined if row.reason == "not-usable" and row.sha256
        },
    )
    _add_opinions(corrections)
    _add_given(corrections, previous)
    _add_joining(corrections, ledger)
    return corrections


def _add_opinions(corrections: Corrections) -> None:
    for opinion in corrections.read.opinions:
        if opinion.verdict and corrections.label_classes.name(opinion.verdict) is None:
            hint = corrections.label_classes.hint(opinion.verdict)
            corrections.add_without_effect("unknown class", opinion, hint)
            # The photo is noted nevertheless: the class may exist in the next refresh.
            corrections.names.find(opinion)
            continue
        photo = corrections.names.find(opinion)
        if isinstance(photo, Unfound):
            corrections.add_without_effect(photo.kind, opinion, photo.detail)
        else:
            corrections.add(photo, opinion)


def _add_given(corrections: Corrections, previous: PreviousVersion) -> None:
    if previous.version is None:
        return
    photos: dict[str, list[Given]] = defaultdict(list)
    for image in previous.images:
        if image.label_source:
            given = Given(previous.version.classes[image.label], image.label_source)
            corrections.given[image.sha256] = given
            if image.cut:
                photos[image.cut.photo_sha256].append(given)
    # The hash of an image changes with its box, that of its photo does not.
    single = {photo: given[0] for photo, given in photos.items() if len(given) == 1}
    corrections.given.update(single)


def _add_joining(corrections: Corrections, ledger: LabelLedger) -> None:
    """Add the labelled photos that this job has, each once, with its path in the dataset.

    A photo that joined keeps its path. Another photo that was uploaded under the same name later
    gets a path with a part of its hash, because paths are unique.
    """
    names, paths = corrections.names, {}
    for sha256, joined in ledger.joined.items():
        paths[joined["path"]] = sha256
        file = names.folder / joined["stored"]
        if corrections.has_opinions(sha256) and file.is_file():
            corrections.add_joining(JoiningPhoto(sha256, joined["path"], file))
    present = (photo["file"] for photo in names.located.values() if photo["etag"])
    for name in sorted(present):
        sha256 = names.hash_of(name)
        if corrections.has_opinions(sha256):
            free = paths.setdefault(name, sha256) == sha256
            path = name if free else f"{name} ({sha256[:8]})"
            joined_path = ledger.joined[sha256]["path"] if sha256 in ledger.joined else path
            corrections.add_joining(JoiningPhoto(sha256, joined_path, names.folder / name))

"""Whether what is left of a source, after all that is refused, is a data set to train on."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from include.contracts.dataset import SPLITS, Split
from include.image_classification.container import ProgramError
from include.image_classification.dataset.version.manifest import Image, Quarantined
from include.image_classification.dataset.version.photo_check import CheckedPhoto

NAMED_IN_LOG = 50

_log = logging.getLogger(__name__)


def log_quarantined(quarantined: Sequence[Quarantined]) -> None:
    """Name what is refused in the log; the version's quarantine.jsonl has all of it."""
    for row in quarantined[:NAMED_IN_LOG]:
        _log.warning("quarantined %s: %s, %s", row.path, row.reason, row.detail)
    if len(quarantined) > NAMED_IN_LOG:
        _log.warning("quarantined %d more", len(quarantined) - NAMED_IN_LOG)


def check_quarantine(quarantined: Sequence[Quarantined], listed: int, limit: float) -> None:
    """Check that the share of what is refused is within the limit.

    Raises:
        ProgramError: It is not, or nothing is listed at all.
    """
    if not listed:
        raise ProgramError("the source lists no photos of the wanted classes")
    if len(quarantined) > limit * listed:
        reasons = Counter(row.reason for row in quarantined).most_common()
        first = quarantined[0]
        raise ProgramError(
            f"{len(quarantined)} of {listed} photos are refused, more than the limit of {limit:.1%}"
            f" ({', '.join(f'{count} {reason}' for reason, count in reasons)};"
            f" {first.path}: {first.detail}); mend the source or raise --quarantine-limit"
        )


def check_classes(
    classes: Sequence[str], photos: Sequence[CheckedPhoto], quarantined: Sequence[Quarantined]
) -> None:
    """Check that every class has an image left.

    Raises:
        ProgramError: One has none.
    """
    present = {photo.label for photo in photos}
    empty = [name for label, name in enumerate(classes) if label not in present]
    if empty:
        others = f" and {len(empty) - 1} other classes have" if len(empty) > 1 else " has"
        raise ProgramError(
            f"class {empty[0]!r}{others} no images ({len(quarantined)} are quarantined); add images"
            " or leave it out with --classes"
        )


def warn_of_splits(classes: Sequence[str], images: Sequence[Image]) -> None:
    """Name in the log the classes that lack a split: too few photos, or the source says so."""
    present = {(image.label, image.split) for image in images}
    for split in SPLITS:
        lacking = [name for label, name in enumerate(classes) if (label, split) not in present]
        if lacking:
            _log.warning("no %s images of %d classes, as %r", split, len(lacking), lacking[0])


def log_contradicted(own: Mapping[str, Split], splits: Mapping[str, Split]) -> None:
    """Say in the log how many photos the source would test or validate with, and are not."""
    kept = Counter((splits[name], said) for name, said in own.items() if said != "train")
    for (split, said), count in sorted(kept.items()):
        if split != said:
            text = "%d photos stay %s, though the source says %s: earlier models have seen them"
            _log.warning(text, count, split, said)

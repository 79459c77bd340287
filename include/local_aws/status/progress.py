"""The share of finished epochs of a training, from its log."""

import re
from collections.abc import Iterator, Sequence

from include.local_aws.store import Body

_EPOCH = re.compile(r"\bepoch\W{0,3}(\d+)(?:\s*/\s*(\d+))?", re.IGNORECASE)
_EPOCHS = ("epochs", "num_epochs", "max_epochs", "num_train_epochs")
_EPOCHS_BEFORE = "head_epochs"  # of the image of the project, which precede `epochs`
_WITHIN = re.compile(r"\b(batch|step|iter)|\[\d+/\d+\]", re.IGNORECASE)
_FIGURE = re.compile(r"[A-Za-z]\w*\s*[=:]\s*(-?[\d.]|nan)")


def epoch_progress(body: Body, lines: Sequence[str]) -> float | None:
    """Return the share of finished epochs from 0 to 1, from the last line with an epoch.

    An epoch is finished if its line has a figure, such as an accuracy, and no batch: other lines
    are written while the epoch runs.

    Args:
        body: The job's record, whose hyperparameters have the number of epochs.
        lines: The last lines of its log.

    Returns:
        None if no line has an epoch, or the number of epochs is unknown.
    """
    for line in reversed(lines):
        found = _EPOCH.search(line)
        if found:
            total = int(found[2] or next(_epoch_counts(body), 0))
            # Numbers with a total count from 1, others from 0.
            before = int(found[1]) - (1 if found[2] else 0)
            done = max(0, before) + _is_finished(line[found.end() :])
            return min(1.0, done / total) if total else None
    return None


def _is_finished(rest: str) -> bool:
    return not _WITHIN.search(rest) and _FIGURE.search(rest) is not None


def _epoch_counts(body: Body) -> Iterator[int]:
    hyperparameters = body.get("HyperParameters", {})
    counts = {
        name: int(hyperparameters[name])
        for name in (*_EPOCHS, _EPOCHS_BEFORE)
        if str(hyperparameters.get(name, "")).isdigit()
    }
    return (counts[name] + counts.get(_EPOCHS_BEFORE, 0) for name in _EPOCHS if name in counts)

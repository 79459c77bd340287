"""Features of a channel's images, computed once and kept in memory."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import CommandError
from include.image_classification.training.input.reader import Reader

_log = logging.getLogger(__name__)

MAX_BYTES = 2 * 2**30
"""The largest size of a channel's features."""

PROGRESS_SECONDS = 5.0

Pixels = NDArray[np.uint8]
"""images x channels x height x width."""

Extractor = Callable[[Pixels], NDArray[np.float32]]
"""Returns the features of images: images x the shape of an image's features."""


@dataclass(frozen=True)
class Features:
    """The features of a channel's images, in file order.

    Attributes:
        values: views x images x the shape of an image's features, in float32 or float16. The second
            view, if there are two, is the mirror image.
        labels: The labels, as in `Batch`.
    """

    values: NDArray[Any]
    labels: NDArray[np.float32]


def feature_dtype(views: int, images: int, shape: tuple[int, ...], limit: int = MAX_BYTES) -> Any:
    """Return the type of number in which features fit the limit: float32, or else float16.

    Raises:
        CommandError: They do not fit in float16 either.
    """
    numbers = views * images * int(np.prod(shape))
    for dtype in (np.float32, np.float16):
        if numbers * np.dtype(dtype).itemsize <= limit:
            return dtype
    raise CommandError(
        f"the features of {images} images ({views} x {'x'.join(map(str, shape))} numbers each) "
        f"need {numbers * 2 / 2**30:.1f} GiB in float16, more than the limit of "
        f"{limit / 2**30:.3g} GiB: use fine_tune head, whose features are smaller, a smaller "
        "image_shape, or fine_tune all"
    )


def compute_features(
    channel: str,
    images: Reader,
    count: int,
    views: int,
    shape: tuple[int, ...],
    extract: Extractor,
    stop: threading.Event,
) -> Features | None:
    """Return the features of all images, or None if `stop` was set meanwhile.

    Args:
        channel: The name of the channel, for the log.
        images: The reader of the channel.
        count: The number of images.
        views: 1 for the squashed images, or 2 for their mirror images, too.
        shape: The shape of an image's features.
        extract: Computes the features of a batch of images.
        stop: Ends the computation when it is set.

    Raises:
        CommandError: The features do not fit into memory.
    """
    values = np.empty((views, count, *shape), feature_dtype(views, count, shape))
    labels: list[NDArray[np.float32]] = []
    started = logged_at = time.perf_counter()
    done = 0
    for batch in images.validation():
        if stop.is_set():
            return None
        rows = slice(done, done + batch.rows)
        values[0, rows] = extract(batch.images[: batch.rows])
        if views > 1:
            values[1, rows] = extract(batch.images[: batch.rows, ..., ::-1])
        labels.append(batch.labels[: batch.rows])
        done += batch.rows
        now = time.perf_counter()
        if now - logged_at >= PROGRESS_SECONDS or done == count:
            _log_progress(channel, done, count, now - started)
            logged_at = now
    return Features(values, np.concatenate(labels))


def _log_progress(channel: str, done: int, count: int, seconds: float) -> None:
    _log.info(
        "Features of %s: %d of %d images, %.1f images per second",
        channel,
        done,
        count,
        done / seconds,
    )

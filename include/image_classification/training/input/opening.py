"""Opening the channels train and validation, in whatever form the job has them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from include.contracts.content_types import IMAGE_TYPE
from include.image_classification import channels
from include.image_classification.container import ProgramError, base_dir
from include.image_classification.recordio.labels import Labelling
from include.image_classification.recordio.record_file import Records
from include.image_classification.training.hyperparameters import Hyperparameters
from include.image_classification.training.input.listed_images import ListedImages
from include.image_classification.training.input.pipe import Pipe

if TYPE_CHECKING:
    from include.image_classification.training.distribution.group import Group
    from include.image_classification.training.input.reader import Reader

Images = Records | Pipe
"""Images that can be counted and read in any order, or a stream of them."""


def open_channel(channel: str, classes: int, several: bool = False) -> Images:
    """Return a channel's images, checked from end to end; those in a pipe cannot be.

    Raises:
        ProgramError: The channel is missing, empty, damaged or in a form that this image does not
            take, or holds a label that is none of `classes`; with `several`, each image needs a
            0 or 1 for every class.
    """
    kind, mode = channels.content_type(channel), channels.input_mode(channel)
    if kind == IMAGE_TYPE:
        listing = _only_list(f"{channel}_lst")
        folder = channels.folder(channel)
        return Records([ListedImages(channel, listing, folder, Labelling(classes, several))])
    if mode == channels.PIPE:
        return Pipe(base_dir() / "input" / "data", channel)
    return Records.scan(channels.record_files(channel), classes, several)


def _only_list(channel: str) -> Path:
    found = sorted(channels.folder(channel).rglob("*.lst"))
    if len(found) != 1:
        raise ProgramError(
            f"channel {channel} must hold one .lst file, but holds {len(found)}: it names the "
            f"images of channel {channel.removesuffix('_lst')}"
        )
    return found[0]


def counted(**images: Images) -> dict[str, int]:
    """Return how many images each channel has, as far as they can be counted."""
    return {name: len(each) for name, each in images.items() if not isinstance(each, Pipe)}


def make_reader(
    settings: Hyperparameters, group: "Group", channel: str, images: Images
) -> "Reader":
    """Return what reads this host's batches of a channel."""
    from include.image_classification.training.input.batches import BatchReader
    from include.image_classification.training.input.piped_batches import PipedReader

    size, own = settings.mini_batch_size, channels.is_sharded(channel)
    threads = len(os.sched_getaffinity(0))
    if isinstance(images, Pipe):
        _check_whole(channel, group.size, own)
        announced = settings.num_training_samples
        share = group.share(announced, size, own=False)
        return PipedReader(
            images,
            settings.image_shape,
            size,
            settings.num_classes,
            announced,
            threads,
            share,
            bool(settings.multi_label),
        )
    share = group.share(len(images), size, own=own)
    return BatchReader(images, settings.image_shape, size, threads, share)


def _check_whole(channel: str, hosts: int, own: bool) -> None:
    if own and hosts > 1:
        raise ProgramError(
            f"channel {channel} is a pipe of each host's own objects (ShardedByS3Key): how many "
            "batches that is cannot be known beforehand, and all hosts need the same number; use "
            "FullyReplicated, or File mode"
        )

"""Open the channels train and validation in any content type and input mode."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from include.contracts.content_types import IMAGE_TYPE
from include.image_classification import channels
from include.image_classification.container import CommandError, base_dir
from include.image_classification.recordio.labels import Labelling
from include.image_classification.recordio.record_file import Records
from include.image_classification.training.hyperparameters import Hyperparameters
from include.image_classification.training.input.listed_images import ListedImages
from include.image_classification.training.input.pipe import Pipe

if TYPE_CHECKING:
    from include.image_classification.training.distribution.group import Group
    from include.image_classification.training.input.reader import Reader

Images = Records | Pipe
"""Images that can be counted and read in any order, or a stream of images."""


def open_channel(channel: str, classes: int, multi_label: bool = False) -> Images:
    """Return a channel's images. They are checked completely, except in Pipe mode.

    Args:
        channel: The name of the channel.
        classes: The number of classes.
        multi_label: Whether each image has a label of 0 or 1 for each class.

    Raises:
        CommandError: The channel is missing, empty or damaged, has an unsupported content type or
            input mode, or contains an invalid label.
    """
    kind, mode = channels.content_type(channel), channels.input_mode(channel)
    if mode == channels.PIPE:
        form = channels.label_format(channel) if channels.is_wrapped(channel) else None
        return Pipe(base_dir() / "input" / "data", channel, form)
    if kind == IMAGE_TYPE:
        listing = _only_list(f"{channel}_lst")
        folder = channels.folder(channel)
        return Records([ListedImages(channel, listing, folder, Labelling(classes, multi_label))])
    return Records.scan(channels.record_files(channel), classes, multi_label)


def _only_list(channel: str) -> Path:
    found = sorted(channels.folder(channel).rglob("*.lst"))
    if len(found) != 1:
        raise CommandError(
            f"channel {channel} must hold one .lst file, but holds {len(found)}: it names the "
            f"images of channel {channel.removesuffix('_lst')}"
        )
    return found[0]


def count_images(**channels: Images) -> dict[str, int]:
    """Return the number of images by channel, without channels in Pipe mode."""
    return {name: len(images) for name, images in channels.items() if not isinstance(images, Pipe)}


def make_reader(
    settings: Hyperparameters,
    group: "Group",
    channel: str,
    images: Images,
    shape: tuple[int, int, int],
) -> "Reader":
    """Return a reader of this host's batches of a channel.

    Args:
        settings: The hyperparameters.
        group: The hosts that train together.
        channel: The name of the channel.
        images: The channel's images.
        shape: Channels, height and width of the batches' images.
    """
    from include.image_classification.training.input.batches import BatchReader
    from include.image_classification.training.input.pipe_batches import PipeBatchReader

    size, sharded = settings.mini_batch_size, channels.is_sharded(channel)
    threads = len(os.sched_getaffinity(0))
    if isinstance(images, Pipe):
        _check_not_sharded(channel, group.size, sharded)
        expected_images = settings.num_training_samples
        share = group.share(expected_images, size, sharded=False)
        return PipeBatchReader(
            images,
            shape,
            size,
            settings.num_classes,
            expected_images,
            threads,
            share,
            bool(settings.multi_label),
        )
    share = group.share(len(images), size, sharded=sharded)
    return BatchReader(images, shape, size, threads, share)


def _check_not_sharded(channel: str, hosts: int, sharded: bool) -> None:
    if sharded and hosts > 1:
        raise CommandError(
            f"channel {channel} uses ShardedByS3Key in Pipe mode on {hosts} hosts: all hosts need "
            "the same number of batches, which is not known before the pipe is read; use "
            "FullyReplicated, or File mode"
        )

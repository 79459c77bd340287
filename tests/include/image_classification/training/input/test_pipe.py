"""Pipe mode: each image once per epoch, shuffled in bounded memory; damage is reported."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.image_classification.container import CommandError
from include.image_classification.recordio.framing import frame
from include.image_classification.recordio.image_records import pack_image
from include.image_classification.recordio.record_stream import Sample
from include.image_classification.training.distribution.share import Share
from include.image_classification.training.input import pipe as pipe_module
from include.image_classification.training.input.batches import Batch
from include.image_classification.training.input.open_channels import make_reader, open_channel
from include.image_classification.training.input.pipe import Pipe
from include.image_classification.training.input.pipe_batches import PipeBatchReader
from include.image_classification.training.input.shuffling import shuffle
from tests.include.image_classification.training.input.fifos import serve_fifos
from tests.include.image_classification.training.job_data import (
    make_job,
    make_png,
    start_program,
    write_records,
)

SHAPE = (3, 32, 32)


def records(folder: Path, labels: list[int], side: int = 36) -> bytes:
    return write_records(folder / "made.rec", labels, side=side).read_bytes()


def reader(folder: Path, size: int, share: Share | None = None) -> PipeBatchReader:
    pipe = Pipe(folder, "train")
    return PipeBatchReader(pipe, SHAPE, size, 3, 10, 1, share or Share())


def labels(batches: list[Batch]) -> list[int]:
    return [int(label) for batch in batches for label in batch.labels[: batch.rows]]


def test_each_epoch_reads_one_fifo_and_shuffles_it(tmp_path: Path) -> None:
    content = records(tmp_path, [0, 1, 2] * 7)
    with serve_fifos(tmp_path, "train", content) as passes:
        source = reader(tmp_path, 4)
        epochs = [list(source.training(epoch, "crop", 1)) for epoch in (0, 1)]
        validated = list(source.validation())
    assert passes == [0, 1, 2]
    assert [len(epoch) for epoch in epochs] == [5, 5]
    assert labels(epochs[0]) != labels(epochs[1])
    assert [batch.rows for batch in validated] == [4, 4, 4, 4, 4, 1]
    assert labels(validated) == [0, 1, 2] * 7


def test_an_epoch_can_be_repeated(tmp_path: Path) -> None:
    """After an interruption, the first FIFO of the new instance is used for a later epoch."""
    content = records(tmp_path, [0, 1, 2] * 4)
    with serve_fifos(tmp_path, "train", content):
        twice = [
            [batch.images for batch in reader_.training(5, "crop_color", 1)]
            for reader_ in (reader(tmp_path, 4),)
            for _ in range(2)
        ]
    assert np.array_equal(twice[0], twice[1])


def test_several_hosts_share_each_batch(tmp_path: Path) -> None:
    content = records(tmp_path, [0, 1, 2] * 4)
    with serve_fifos(tmp_path, "train", content):
        source = reader(tmp_path, 4)
        single = labels(list(source.training(0, "none", 1)))
        hosts = []
        for rank in (0, 1):
            source._share, source._size = Share(rank, 2), 2
            hosts.append(list(source.training(0, "none", 1)))
    combined = [label for pair in zip(*hosts, strict=True) for label in labels(list(pair))]
    assert combined == single


def test_an_epoch_need_not_be_read_to_its_end(tmp_path: Path) -> None:
    content = records(tmp_path, [0, 1, 2] * 40)
    with serve_fifos(tmp_path, "train", content) as passes:
        source = reader(tmp_path, 2)
        for _ in source.training(0, "none", 1):
            break
        assert len(list(source.training(1, "none", 1))) == 60
    assert passes == [0, 1]


def training_error(tmp_path: Path, content: bytes) -> str:
    with serve_fifos(tmp_path, "train", content), pytest.raises(CommandError) as raised:
        list(reader(tmp_path, 4).training(0, "crop", 1))
    return str(raised.value)


def test_damaged_and_unsuitable_streams_are_rejected(tmp_path: Path) -> None:
    content = records(tmp_path, [0, 1, 2, 0])
    name = "the pipe of channel train"
    assert f"{name} is cut off" in training_error(tmp_path / "a", content[:-8])
    garbage = b"12345678" + content
    assert f"{name} is not a RecordIO file" in training_error(tmp_path / "b", garbage)
    assert "record 1 has label 3" in training_error(tmp_path / "c", records(tmp_path, [0, 3]))
    two_labels = frame(pack_image([0, 1], 0, make_png(0, 0)))
    assert "record 0 has 2 labels" in training_error(tmp_path / "d", two_labels)
    not_images = frame(pack_image([0], 0, b"none")) * 4
    assert "is not an image; convert it again" in training_error(tmp_path / "e", not_images)
    small = records(tmp_path, [0] * 4, side=31)
    assert "31x31 pixels, fewer" in training_error(tmp_path / "f", small)


@pytest.mark.parametrize("count", [0, 3])
def test_fewer_images_than_a_batch_are_rejected_with_the_built_in_algorithms_message(
    tmp_path: Path, count: int
) -> None:
    content = records(tmp_path, [0] * count)
    message = "The number of input images must be bigger or equal to the mini_batch_size"
    assert training_error(tmp_path / "few", content).startswith(f"{message}: {count} images")


def test_a_validation_pipe_without_images_is_rejected(tmp_path: Path) -> None:
    with (
        serve_fifos(tmp_path, "train", b""),
        pytest.raises(CommandError, match="the pipe of channel train contains no images"),
    ):
        list(reader(tmp_path, 4).validation())


def test_a_pipe_without_a_fifo_runs_into_the_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipe_module, "FIFO_TIMEOUT_SECONDS", 0.1)
    with pytest.raises(CommandError, match=r"Pipe mode, but the FIFO .*/train_0 did not appear"):
        list(reader(tmp_path, 4).validation())


@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 9), st.integers(1, 60))
def test_shuffling_keeps_all_samples_and_limits_its_buffer(
    sizes: list[int], max_samples: int, max_bytes: int
) -> None:
    put: list[int] = []
    taken: list[Sample] = []

    def samples() -> Iterator[Sample]:
        for number, size in enumerate(sizes):
            put.append(size)
            buffered_bytes = sum(put) - sum(len(sample.content) for sample in taken)
            assert len(put) - len(taken) <= max_samples + 1
            assert buffered_bytes <= max_bytes + size + 30
            yield Sample(number, bytes(size), "")

    for sample in shuffle(samples(), np.random.default_rng(0), max_samples, max_bytes):
        taken.append(sample)
    assert sorted(sample.label for sample in taken) == list(range(len(sizes)))


def test_a_job_trains_through_pipes(tmp_path: Path) -> None:
    """The command `train` reads each epoch of both channels from a FIFO, and writes a model."""
    base = make_job(tmp_path)
    data = base / "input" / "data"
    contents = {}
    for channel in ("train", "validation"):
        file = data / channel / f"{channel}.rec"
        contents[channel] = file.read_bytes()
        file.unlink()
    channels = {channel: {"TrainingInputMode": "Pipe"} for channel in contents}
    (base / "input/config/inputdataconfig.json").write_text(json.dumps(channels))
    with (
        serve_fifos(data, "train", contents["train"]) as trained,
        serve_fifos(data, "validation", contents["validation"]) as validated,
    ):
        process = start_program(base, "train", OMP_NUM_THREADS="1")
        killer = threading.Timer(100, process.kill)
        killer.start()
        output, _ = process.communicate()
        killer.cancel()
    assert process.returncode == 0, output
    assert trained[:2] == validated[:2] == [0, 1]
    assert "Epoch[1] Validation-accuracy=" in output
    assert list((base / "model").glob("*.params"))


def test_a_sharded_pipe_on_several_hosts_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from include.image_classification.training.distribution.group import SingleHost
    from include.image_classification.training.hyperparameters import parse
    from tests.include.image_classification.training.job_data import SETTINGS

    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    monkeypatch.setattr(SingleHost, "size", 2)
    (tmp_path / "input/config").mkdir(parents=True)
    channels = {"train": {"TrainingInputMode": "Pipe", "S3DistributionType": "ShardedByS3Key"}}
    (tmp_path / "input/config/inputdataconfig.json").write_text(json.dumps(channels))
    settings, images = parse(SETTINGS), open_channel("train", 3)
    with pytest.raises(CommandError, match="use FullyReplicated, or File mode"):
        make_reader(settings, SingleHost(), "train", images, settings.image_shape)


@pytest.mark.parametrize(
    ("content_type", "label"),
    [
        ("image/jpeg", b"[0, 1, 1]"),
        ("application/x-recordio", b"[0, 1, 1]"),
        ("application/x-recordio; label-format=multi-hot", b"[0, 1, 1]"),
        ("application/x-recordio;label-format=class-id", b"[1, 2]"),
    ],
)
def test_an_augmented_manifest_has_labels_of_the_content_types_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content_type: str, label: bytes
) -> None:
    pipe = _wrapped_channel(tmp_path, monkeypatch, content_type)
    content = frame(make_png(0, 0)) + frame(label)
    with serve_fifos(tmp_path / "input/data", "train", content):
        source = PipeBatchReader(pipe, SHAPE, 1, 3, 1, 1, multi_label=True)
        (batch,) = source.validation()
    assert batch.labels.tolist() == [[0, 1, 1]]


def test_an_unknown_label_format_and_photos_without_a_wrapper_are_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match=r"label-format 'one-hot' .* multi-hot and class-id"):
        _wrapped_channel(tmp_path, monkeypatch, "application/x-recordio; label-format=one-hot")
    with pytest.raises(CommandError, match="an augmented manifest needs RecordWrapperType"):
        _wrapped_channel(tmp_path, monkeypatch, "image/jpeg", wrapper="None")


def _wrapped_channel(
    base: Path, monkeypatch: pytest.MonkeyPatch, content_type: str, wrapper: str = "RecordIO"
) -> Pipe:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(base))
    (base / "input/config").mkdir(parents=True, exist_ok=True)
    channel = {
        "TrainingInputMode": "Pipe", "RecordWrapperType": wrapper, "ContentType": content_type,
    }  # fmt: skip
    (base / "input/config/inputdataconfig.json").write_text(json.dumps({"train": channel}))
    found = open_channel("train", 3, multi_label=True)
    assert isinstance(found, Pipe)
    return found

"""Pipe mode: a channel's objects in one FIFO for each epoch."""

import gzip
import hashlib
import os
import struct
import threading
from pathlib import Path
from typing import Any

from include.image_classification.recordio.framing import MAGIC_WORD, frame
from include.local_aws.containers.object_content import ObjectContent
from include.local_aws.containers.pipes import Pipe, PipedObjects
from include.local_aws.errors import JobFailure
from include.local_aws.storage.objects import S3Object
from tests.include.local_aws.local_server import LocalServer


def test_a_program_reads_any_number_of_epochs(aws: LocalServer) -> None:
    uri = aws.put("pipes/two", b="second", a="first" * 100_000)  # more than a FIFO holds
    name = _train(aws, uri, pipe="2")
    assert aws.wait_for_job("training", name)["TrainingJobStatus"] == "Completed"
    content = b"first" * 100_000 + b"second"
    digest = f"{len(content)} {hashlib.sha256(content).hexdigest()}"
    log = aws.log("training", name)
    assert [line for line in log if line.startswith("epoch ")] == [
        f"epoch {number} {digest}" for number in range(2)
    ]
    assert "files" in log  # there are no files


def test_a_program_need_not_open_the_pipe(aws: LocalServer) -> None:
    job = aws.wait_for_job("training", _train(aws, aws.put("pipes/none", a="1")))
    assert job["TrainingJobStatus"] == "Completed"


def test_a_program_may_close_an_epoch_early(aws: LocalServer) -> None:
    name = _train(aws, aws.put("pipes/early", a="first" * 100_000), pipe="2,5")
    assert aws.wait_for_job("training", name)["TrainingJobStatus"] == "Completed"
    log = aws.log("training", name)
    assert [line.split()[2] for line in log if line.startswith("epoch ")] == ["5", "5"]


def test_gzip_objects_are_decompressed(aws: LocalServer) -> None:
    uri = aws.put("pipes/packed", a=gzip.compress(b"one ") + gzip.compress(b"two"))
    name = _train(aws, uri, {"CompressionType": "Gzip"}, pipe="1")
    aws.wait_for_job("training", name)
    digest = f"epoch 0 7 {hashlib.sha256(b'one two').hexdigest()}"
    assert digest in aws.log("training", name)


def test_an_unreadable_object_fails_the_job_even_if_the_program_succeeds(
    aws: LocalServer,
) -> None:
    """The program only sees the end of the file, and would train on a part of the data."""
    uri = aws.put("pipes/broken", a="not packed")
    job = aws.wait_for_job("training", _train(aws, uri, {"CompressionType": "Gzip"}, pipe="1"))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(f"ClientError: {uri}/a.txt is not Gzip data")


def test_objects_become_records_if_the_request_says_so(aws: LocalServer) -> None:
    contents = [b"first" * 100_000, struct.pack("<I", MAGIC_WORD) * 3 + b"odd", b""]
    uri = aws.put("pipes/raw", **dict(zip("abc", contents, strict=True)))
    name = _train(aws, uri, {"RecordWrapperType": "RecordIO"}, pipe="1")
    assert aws.wait_for_job("training", name)["TrainingJobStatus"] == "Completed"
    sent = b"".join(map(frame, contents))  # of the container, whose reader has other tests
    assert f"epoch 0 {len(sent)} {hashlib.sha256(sent).hexdigest()}" in aws.log("training", name)


def test_with_a_seed_each_epoch_has_another_order(tmp_path: Path) -> None:
    channel = _channel(Many(), [f"{number:02}" for number in range(9)], seed=5)
    first, second = (b"".join(channel.epoch(number)) for number in (0, 1))
    assert first != second
    assert sorted(first) == sorted(second)
    assert b"".join(channel.epoch(0)) == first


def test_a_pipe_ends_while_its_reader_holds_it_open_without_reading(tmp_path: Path) -> None:
    """This happens if a program hangs and the job is stopped."""
    channel = _channel(Many(10_000_000), ["00"])
    with Pipe(channel, tmp_path / "train") as pipe:
        stuck = os.open(tmp_path / "train_0", os.O_RDONLY)
    os.close(stuck)
    assert pipe.failure is None
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pipe ")]


def test_a_failure_of_s3_is_kept(tmp_path: Path) -> None:
    with Pipe(_channel(Gone(), ["k"]), tmp_path / "train") as pipe:
        assert (tmp_path / "train_0").read_bytes() == b""
    assert str(pipe.failure) == "gone"


class Many:
    """Objects whose content is their key's two digits, repeated."""

    def __init__(self, size: int = 2) -> None:
        self.size = size

    def pieces(self, item: S3Object) -> Any:
        yield item.key.encode() * (self.size // 2)


class Gone:
    def pieces(self, item: S3Object) -> Any:
        raise JobFailure("gone")
        yield


def _channel(objects: Any, keys: list[str], seed: int | None = None) -> PipedObjects:
    return PipedObjects(ObjectContent(objects), [S3Object("b", key, "") for key in keys], seed=seed)


def _train(
    aws: LocalServer, uri: str, channel: dict[str, str] | None = None, **hyperparameters: str
) -> str:
    request = aws.training_request(uri, 60, **hyperparameters)
    request["InputDataConfig"][0] |= {"InputMode": "Pipe", **(channel or {})}
    aws.sagemaker.create_training_job(**request)
    return str(request["TrainingJobName"])

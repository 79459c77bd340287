"""Each epoch of a training job is reported once, while the log grows."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from include.local_run.drive.epochs import EpochLog


class FakeLogs:
    """A log stream that does not exist at first and grows later."""

    def __init__(self) -> None:
        self.lines: list[str] | None = None

    def describe_log_streams(self, logGroupName: str, logStreamNamePrefix: str) -> dict[str, Any]:
        if self.lines is None:
            absent: Any = {"Error": {"Code": "ResourceNotFoundException", "Message": "no group"}}
            raise ClientError(absent, "DescribeLogStreams")
        return {"logStreams": [{"logStreamName": f"{logStreamNamePrefix}algo-1-0"}]}

    def get_log_events(self, nextToken: str = "0", **more: Any) -> dict[str, Any]:
        new = (self.lines or [])[int(nextToken) :]
        position = int(nextToken) + len(new)
        return {"events": [{"message": line} for line in new], "nextForwardToken": str(position)}


def test_each_epoch_is_reported_once() -> None:
    logs = FakeLogs()
    epochs = EpochLog(logs, "train-1", 2)
    assert epochs.new_epochs() == [], "the log stream does not exist yet"
    logs.lines = ["[x INFO y] Epoch[0] Train-accuracy=0.25", "[x] Epoch[0] Time cost=8.0"]
    assert epochs.new_epochs() == []
    logs.lines += ["[x INFO y] Epoch[0] Validation-accuracy=0.500000"]
    expected = ["epoch 1 of 2: accuracy 0.250 in training, 0.500 in validation"]
    assert epochs.new_epochs() == expected
    assert epochs.new_epochs() == []
    logs.lines += ["[x] Epoch[1] Train-accuracy=1e-05", "[x] Epoch[1] Validation-accuracy=nan"]
    assert epochs.new_epochs() == ["epoch 2 of 2: accuracy 0.000 in training, nan in validation"]

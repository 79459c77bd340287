"""A short run of `python -m tests.include.local_aws.kills`."""

from pathlib import Path

from tests.include.local_aws.kills.loop import Loop


def test_nothing_acknowledged_is_lost_and_nothing_runs_twice(tmp_path: Path) -> None:
    report = Loop(tmp_path, load=(1, 2)).run(rounds=1)
    assert report.done.violations == [], str(report)
    assert report.done.counts["puts"]
    assert report.done.counts["answers of the endpoint"]

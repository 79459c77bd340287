"""A short run of `python -m tests.include.local_aws.kills`."""

from pathlib import Path

from tests.include.local_aws.kills.loop import KillLoop


def test_nothing_acknowledged_is_lost_and_no_job_runs_twice(tmp_path: Path) -> None:
    report = KillLoop(tmp_path, load_seconds=(3, 4)).run(rounds=1)
    assert report.record.violations == [], str(report)
    assert report.record.counts["puts"]
    assert report.record.counts["endpoint responses"]

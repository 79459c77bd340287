"""A short run of `python -m tests.include.local_aws.updates`."""

from pathlib import Path

from tests.include.local_aws.updates.loop import BAD, Loop


def test_no_request_fails_while_good_models_come_and_bad_ones_are_rolled_back(
    tmp_path: Path,
) -> None:
    report = Loop(tmp_path).run(rounds=2)
    assert report.violations == [], str(report)
    assert report.rollbacks == dict.fromkeys(list(BAD)[:2], 1)
    assert report.answers

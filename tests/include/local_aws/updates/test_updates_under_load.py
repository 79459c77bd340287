"""A short run of `python -m tests.include.local_aws.updates`."""

from pathlib import Path

from tests.include.local_aws.updates.loop import BAD_MODELS, UpdateLoop


def test_no_request_fails_and_bad_models_are_rolled_back(tmp_path: Path) -> None:
    report = UpdateLoop(tmp_path).run(rounds=2)
    assert report.violations == [], str(report)
    assert report.rollbacks == dict.fromkeys(list(BAD_MODELS)[:2], 1)
    assert report.responses

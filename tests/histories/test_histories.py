"""Random histories of nightly training: nothing is trained twice, lost, or left alone.

`make histories` runs more of them.
"""

import os

from hypothesis import settings

from tests.histories.machine import NightlyHistories

HISTORIES = int(os.environ.get("HISTORIES", "300"))

TestHistories = NightlyHistories.TestCase
TestHistories.settings = settings(max_examples=HISTORIES, stateful_step_count=50)


def test_a_submission_of_an_earlier_plan_that_is_marked_as_success_is_not_registered() -> None:
    """XComs outlive a clear: the package would have the new plan's lineage and an older model."""
    history = NightlyHistories()
    history.begin()
    history.change_data()
    history.fail_run(choice=0)
    history.lose_killed_triggers()
    history.clear(choice=0, first=0)
    history.work(choice=0, fault=None)
    history.mark(choice=0, state="success")
    history.end(choice=0)
    history.a_candidate_is_registered_once()
    (run,) = history.runs
    assert "was not made for the plan of this run" in str(run.task("register").error)
    history.teardown()

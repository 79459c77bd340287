"""Random histories of nightly training: nothing is trained twice, lost, or left alone.

`make histories` runs more of them.
"""

import os

from hypothesis import settings

from tests.histories.machine import NightlyHistories

HISTORIES = int(os.environ.get("HISTORIES", "300"))

TestHistories = NightlyHistories.TestCase
TestHistories.settings = settings(max_examples=HISTORIES, stateful_step_count=50)

"""Random histories of nightly training: nothing is trained twice, lost, or left alone."""

from hypothesis import settings

from tests.histories.machine import NightlyHistories

TestHistories = NightlyHistories.TestCase
TestHistories.settings = settings(max_examples=300, stateful_step_count=50)

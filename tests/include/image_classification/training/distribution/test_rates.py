"""The learning rate on the parameter servers, for any number of hosts."""

import pickle

from include.image_classification.training.distribution.rates import RecordedSchedule


def test_a_rate_is_used_once_by_each_host() -> None:
    rates = pickle.loads(pickle.dumps(RecordedSchedule([0.1, 0.2, 0.3], workers=2)))
    assert [rates(update) for update in range(1, 8)] == [0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.3]


def test_a_resumed_training_skips_the_rates_of_earlier_steps() -> None:
    rates = RecordedSchedule([0.1, 0.2, 0.3], workers=1)
    rates.skip(1)
    assert [rates(update) for update in (1, 2, 3)] == [0.2, 0.3, 0.3]

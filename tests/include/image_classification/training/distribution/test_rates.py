"""The servers' learning rate follows one host's, whatever the number of hosts."""

import pickle

from include.image_classification.training.distribution.rates import Rates


def test_each_hosts_step_counts_once() -> None:
    rates = pickle.loads(pickle.dumps(Rates([0.1, 0.2, 0.3], workers=2)))
    assert [rates(update) for update in range(1, 8)] == [0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.3]


def test_a_training_that_goes_on_begins_where_it_was() -> None:
    rates = Rates([0.1, 0.2, 0.3], workers=1)
    rates.skip(1)
    assert [rates(update) for update in (1, 2, 3)] == [0.2, 0.3, 0.3]

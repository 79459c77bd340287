"""The hosts' shares of an epoch are disjoint and complete."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from include.image_classification.training.distribution.share import Share

counts = st.integers(0, 60)
sizes = st.integers(1, 5)


@given(records=counts, hosts=sizes, batch=sizes, seed=st.integers(0, 9))
def test_the_batches_of_all_hosts_form_the_larger_batches_of_one_host(
    records: int, hosts: int, batch: int, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(records)
    parts = [Share(rank, hosts).training(order, batch) for rank in range(hosts)]
    assert len({len(part) for part in parts}) == 1
    batches = [part.reshape(-1, batch) for part in parts]
    large = np.concatenate(batches, axis=1).reshape(-1)
    assert large.tolist() == Share().training(order, batch * hosts).tolist()
    assert len(large) == records - records % (batch * hosts)


@given(records=counts, hosts=sizes)
def test_validation_covers_each_record_once(records: int, hosts: int) -> None:
    order = np.arange(records)
    parts = [Share(rank, hosts).validation(order).tolist() for rank in range(hosts)]
    assert sorted(record for part in parts for record in part) == order.tolist()


def test_sharded_hosts_are_limited_to_the_smallest_number_of_batches() -> None:
    order = np.arange(10)
    assert Share(batches=2).training(order, 3).tolist() == [0, 1, 2, 3, 4, 5]
    assert Share(batches=2).validation(order).tolist() == order.tolist()

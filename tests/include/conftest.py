"""Two mirrors on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.include.policies.web.mirror import Mirror, mirror


@pytest.fixture
def first() -> Iterator[Mirror]:
    with mirror() as served:
        yield served


@pytest.fixture
def second() -> Iterator[Mirror]:
    with mirror() as served:
        yield served

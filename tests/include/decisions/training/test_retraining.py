"""Tests of retraining requests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from include.decisions.training.retraining import read_request, request_retraining
from include.storage.layout import Layout

NOW = datetime(2026, 1, 3, tzinfo=UTC)
EARLIER, LATER = "20260101T000000-ffffffff", "20260102T000000-00000000"


@pytest.mark.parametrize("order", [(EARLIER, LATER), (LATER, EARLIER), (LATER, LATER)])
def test_the_latest_batchs_request_is_kept_in_any_order_of_publication(
    client: Any, layout: Layout, order: tuple[str, str]
) -> None:
    """A user may clear the `publish` task of an earlier batch after a later batch's request."""
    for batch in order:
        request_retraining(client, layout, batch, f"arn:x/{batch}", "it drifted", NOW)
    request = read_request(client, layout)
    assert request is not None
    assert (request.batch, request.package) == (LATER, f"arn:x/{LATER}")

"""A verdict in words: the notification of a promotion, and the evaluation's page."""

from __future__ import annotations

from typing import Any

import pytest

from include.contracts.records import GateResult, VerdictRecord
from include.decisions.promotion.verdict_text import MARKER, describe_promotion, show_verdict
from include.storage.layout import Layout
from tests.include.decisions.memory_s3 import MemoryS3

LAYOUT = Layout("some-bucket", "merch")
PAGE = b"<main>" + MARKER + b"<p>figures</p></main>"


def verdict(**fields: Any) -> VerdictRecord:
    gate = GateResult(
        metric="top-1 of class <b>",
        value=0.5,
        limit="at least",
        threshold=0.6,
        margin=-0.1,
        passed=False,
    )
    return VerdictRecord(
        **{"verdict": "keep", "reason": "top-1 is <low>", "gates": [gate], **fields}
    )


def test_a_promotion_has_its_figures() -> None:
    registered = {
        "package": "arn:x/7",
        "reason": "approved in Airflow by Ada: seen them",
        "top1": 0.721,
        "top5": None,
        "gain": 0.019,
        "p_value": 0.0312,
        "billable_seconds": 1080.0,
        "cost_usd": 0.41,
        "dataset_version": "d1",
    }
    assert describe_promotion(registered) == (
        "model package 7: top-1 0.7210, +0.0190 against the champion (p 0.0312), 18.0 billed "
        "minutes, $0.41, trained on dataset d1. Promoted, because approved in Airflow by Ada: "
        "seen them"
    )


def test_a_promotion_without_figures_has_its_reason() -> None:
    text = describe_promotion({"package": "arn:x/7", "reason": "better"})
    assert text == "model package 7. Promoted, because better"


def test_the_page_names_verdict_limits_and_champion_and_a_second_verdict_replaces_them() -> None:
    s3, key = MemoryS3(), LAYOUT.evaluation_page("job-1")
    s3.objects[key] = PAGE
    show_verdict(s3, LAYOUT, "job-1", verdict(), "6")
    page = s3.objects[key].decode()
    assert "Verdict: keep" in page
    assert "top-1 is &lt;low&gt;; the champion was package 6." in page
    assert "<td>top-1 of class &lt;b&gt;</td><td class=number>0.5</td>" in page
    assert "<td>at least 0.6</td><td>missed</td>" in page
    show_verdict(s3, LAYOUT, "job-1", verdict(verdict="promote", reason="better", gates=[]), None)
    page = s3.objects[key].decode()
    assert "Verdict: promote" in page
    assert "better; there was no champion." in page
    assert "keep" not in page
    assert page.endswith("<p>figures</p></main>")


@pytest.mark.parametrize("page", [None, b"<main>of an earlier release</main>"])
def test_a_page_without_a_place_for_the_verdict_stays_as_it_is(page: bytes | None) -> None:
    s3, key = MemoryS3(), LAYOUT.evaluation_page("job-1")
    if page:
        s3.objects[key] = page
    show_verdict(s3, LAYOUT, "job-1", verdict(), None)
    assert s3.objects.get(key) == page

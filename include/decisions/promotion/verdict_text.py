"""A verdict in words: for the notification of a promotion, and on the evaluation's page."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from include.contracts.records import GateResult, VerdictRecord
from include.storage.layout import Layout

MARKER, END = b"<!-- verdict -->", b"<!-- end of the verdict -->"
"""The place of the verdict in evaluation.html, which the container writes before it is known."""

LARGEST_PAGE = 8 << 20
"""Bytes; larger pages are left as they are."""

log = logging.getLogger(__name__)


def describe_promotion(registered: Mapping[str, Any]) -> str:
    """Return what was promoted, with its figures, in one or two sentences.

    Args:
        registered: The registered candidate: the facts of its package, and `package`, its ARN.
    """
    version = str(registered["package"]).rpartition("/")[2]
    figures = ", ".join(_figures(registered))
    subject = f"model package {version}" + (f": {figures}" if figures else "")
    return f"{subject}. Promoted, because {registered['reason']}"


def _figures(registered: Mapping[str, Any]) -> Iterator[str]:
    names = {"top1": "top-1", "top5": "top-5", "calibration_error": "calibration error"}
    for key, name in names.items():
        if registered.get(key) is not None:
            yield f"{name} {registered[key]:.4f}"
    if registered.get("gain") is not None:
        p_value = registered.get("p_value")
        known = f" (p {p_value:.3g})" if p_value is not None else ""
        yield f"{registered['gain']:+.4f} against the champion{known}"
    if registered.get("billable_seconds") is not None:
        yield f"{registered['billable_seconds'] / 60:.1f} billed minutes"
    if registered.get("cost_usd") is not None:
        yield f"${registered['cost_usd']:.2f}"
    if registered.get("dataset_version"):
        yield f"trained on dataset {registered['dataset_version']}"


def show_verdict(
    s3: Any, layout: Layout, job: str, verdict: VerdictRecord, champion: str | None
) -> None:
    """Write a verdict into the evaluation's page, evaluation.html, if it has a place for it.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        job: The candidate's training job.
        verdict: The verdict on it.
        champion: The number of the champion's package; None if there was no champion.
    """
    key = layout.evaluation_page(job)
    try:
        answer = s3.get_object(Bucket=layout.bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        log.info("There is no %s: the verdict is in verdict.json only", layout.uri(key))
        return
    content = answer["Body"].read(LARGEST_PAGE + 1)
    before, marker, after = content.partition(MARKER)
    if marker and len(content) <= LARGEST_PAGE:
        # The marker stays, so that a second verdict replaces the first.
        _, _, rest = after.rpartition(END) if END in after else (b"", b"", after)
        page = before + MARKER + _panel(verdict, champion).encode() + END + rest
        s3.put_object(Bucket=layout.bucket, Key=key, Body=page, ContentType="text/html")


def _panel(verdict: VerdictRecord, champion: str | None) -> str:
    compared = f"the champion was package {champion}" if champion else "there was no champion"
    rows = "".join(map(_row, verdict.gates))
    return (
        f'<section class="panel verdict"><h2>Verdict: {escape(verdict.verdict)}</h2>'
        f"<p>{escape(verdict.reason)}; {escape(compared)}.</p>"
        '<table class="confused more"><thead><tr><th>Limit</th><th class=number>Value</th>'
        f"<th>Needed</th><th></th></tr></thead><tbody>{rows}</tbody></table></section>"
    )


def _row(gate: GateResult) -> str:
    cells = (
        f"<td>{escape(gate.metric)}</td>",
        f"<td class=number>{_number(gate.value)}</td>",
        f"<td>{gate.limit} {gate.threshold:.4g}</td>",
        f"<td>{'kept' if gate.passed else 'missed'}</td>",
    )
    return f"<tr>{''.join(cells)}</tr>"


def _number(value: float | None) -> str:
    return "missing" if value is None else f"{value:.4g}"

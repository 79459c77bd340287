"""The measured commands, each with its inputs in a folder of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from benchmarks.scale import inputs
from benchmarks.scale.incoming import BATCHES, BUCKET, INCOMING, IncomingBucket, served
from benchmarks.scale.measure import Usage, run_container
from include.contracts import files

Figures = Mapping[str, float]
"""Figures of a stage by name: megabytes, user, system and seconds, and the bytes of a page."""

NEW_SHARE = 100
"""One of this number of photos is new in the second refresh."""


def refresh(folder: Path, images: int) -> dict[str, Figures]:
    """Create a dataset version, then the next one with 1 % new photos."""
    source = folder / "processing" / "input" / "source"
    inputs.write_source(source, images)
    first = run_container(str(folder), *_REFRESH)
    page = _page(next(folder.glob("processing/output/versions/*/report.html")), first)
    _become_previous(folder)
    shutil.rmtree(source)
    inputs.write_source(source, images, first=images // NEW_SHARE)
    following = run_container(str(folder), *_REFRESH)
    return {"refresh": page, "refresh, 1 % new": asdict(following)}


_REFRESH = ("refresh", "--layout", "class_folders")


def _become_previous(folder: Path) -> None:
    """Make the output of a refresh the inputs of the next one, as the DAG does."""
    source, output = folder / "processing" / "input", folder / "processing" / "output"
    version = next(output.glob("versions/*"))
    version.rename(source / "previous")
    (output / "ledger").rename(source / "ledger")
    shutil.rmtree(output)


def im2rec(folder: Path, images: int) -> dict[str, Figures]:
    """Convert a dataset version, then convert it again with the records of the first time."""
    source, output = folder / "processing" / "input", folder / "processing" / "output"
    inputs.write_converted_version(source / "version", source / "images", images)
    first = run_container(str(folder), *_IM2REC)
    output.rename(source / "previous")
    following = run_container(str(folder), *_IM2REC)
    return {"im2rec": asdict(first), "im2rec, all reused": asdict(following)}


_IM2REC = ("im2rec", "--resize", "32")


def evaluate(folder: Path, images: int) -> dict[str, Figures]:
    """Score predictions of all images."""
    source = folder / "processing" / "input"
    inputs.write_test_version(source / "version", images)
    inputs.write_predictions(source / "predictions", images)
    usage = run_container(str(folder), "evaluate", "--temperature", "1.5")
    return {"evaluate": _page(folder / "processing/output/result/evaluation.html", usage)}


def report(folder: Path, images: int) -> dict[str, Figures]:
    """Report a batch of predictions, with drift against an evaluation of as many images."""
    evaluate(folder, images)
    source, result = folder / "processing" / "input", folder / "processing" / "output" / "result"
    inputs.write_plan(source / "plan", images)
    (source / "evaluation").mkdir()
    (result / "answers.csv").rename(source / "evaluation" / "answers.csv")
    usage = run_container(str(folder), "report", "--batch", "scale")
    return {"report": _page(result / "gallery.html", usage)}


def _page(page: Path, usage: Usage) -> Figures:
    return {**asdict(usage), "page": page.stat().st_size}


def labels(folder: Path, images: int) -> dict[str, Figures]:
    """Refresh a small source with this number of labels, of photos that exist and that do not."""
    source = folder / "processing" / "input"
    inputs.write_source(source / "source", inputs.LABELLED_PHOTOS)
    inputs.write_labels(source / "labels", images)
    usage = run_container(str(folder), *_REFRESH)
    return {"refresh, by labels": asdict(usage)}


def select(folder: Path, images: int) -> dict[str, Figures]:
    """Select a batch of the first photos, make a lost ledger again, then add 1 % new photos.

    Each batch has `BATCH` photos at most, which are decoded.
    """
    first = _select(folder / "first", IncomingBucket(known=0, new=images))
    rebuilt = _select(folder / "rebuilt", IncomingBucket(known=images, new=0))
    ledger = folder / "rebuilt/processing/output/batches" / files.BATCH_LEDGER
    new = IncomingBucket(known=images, new=images // NEW_SHARE, ledger=ledger)
    following = _select(folder / "following", new)
    return {
        "select": asdict(first),
        "select, ledger made again": asdict(rebuilt),
        "select, 1 % new": asdict(following),
    }


def _select(base: Path, bucket: IncomingBucket) -> Usage:
    with served(bucket) as address:
        return run_container(
            str(base), *_SELECT, AWS_ENDPOINT_URL_S3=address, AWS_DEFAULT_REGION="us-east-1",
            AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x",
        )  # fmt: skip


BATCH = 1_000
_SELECT = (
    "select", "--incoming", f"s3://{BUCKET}/{INCOMING}", "--batches", f"s3://{BUCKET}/{BATCHES}",
    "--run-time", "20270101T000000", "--max-images", str(BATCH), "--max-bytes", "1000000",
)  # fmt: skip


STAGES: Mapping[str, Callable[[Path, int], dict[str, Figures]]] = {
    "refresh": refresh,
    "im2rec": im2rec,
    "evaluate": evaluate,
    "report": report,
    "labels": labels,
    "select": select,
}

"""Command `select`: the images of the next batch, from the listing of `incoming/`."""

from __future__ import annotations

import argparse
import datetime
import logging
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from include.common.incoming import ListingHash
from include.contracts import files
from include.contracts.commands import (
    SCREENINGS,
    SELECTED_IMAGES,
    Command,
    Output,
    SelectFlag,
)
from include.contracts.records import (
    BatchCounts,
    BatchPlan,
    BatchRecord,
    Selection,
    SelectionCounts,
)
from include.image_classification.container import CommandError, processing_output
from include.image_classification.dataset.version.manifest import write_json
from include.image_classification.flags import FlagParser, positive_integer
from include.image_classification.s3_access import s3_client
from include.image_classification.selection.choice import (
    Candidates,
    Choice,
    choose_images,
    find_candidates,
)
from include.image_classification.selection.database import open_database
from include.image_classification.selection.folder import Folder
from include.image_classification.selection.ledger import Ledger
from include.image_classification.selection.listing import list_incoming
from include.image_classification.selection.records import download_ledger, update_ledger
from include.image_classification.selection.screening.photos import (
    IncomingImage,
    Screened,
    screen_names,
    screen_photos,
)

EXAMPLES = 5
"""The number of unreadable images that select.json names."""

_log = logging.getLogger(__name__)


def main(argv: list[str]) -> None:
    """Choose the images of a batch, and write its manifest, its plan and select.json.

    Reads S3 under the job's role: the listing of `incoming/`, the ledger of processed images, the
    records that the ledger lacks, and, with `--screening decode`, the photos of the batch. Writes
    to output/batches, which is uploaded to `batches/`: the ledger if it has changed, select.json,
    and for a batch its manifest and plan. A batch in which no image is readable gets its record at
    once, because it has no further jobs. output/result gets select.json, too.

    Raises:
        CommandError: S3 cannot be read, or a batch's record is invalid.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    started = time.perf_counter()
    flags = _parse_flags(argv)
    s3 = s3_client()
    incoming, batches = Folder.at(s3, flags.incoming), Folder.at(s3, flags.batches)
    try:
        selection = _select(incoming, batches, flags)
    except (BotoCoreError, ClientError) as error:
        raise CommandError(
            f"{incoming.uri()} or {batches.uri()} cannot be read: {error}: the job's role needs "
            "the permissions in docs/iam/jobs.json"
        ) from error
    selection = selection.model_copy(
        update={
            "seconds": round(time.perf_counter() - started, 3),
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }
    )
    for output in (Output.RESULT, Output.BATCHES):
        write_json(processing_output(output) / files.SELECTION, selection.as_json())


def _parse_flags(argv: list[str]) -> argparse.Namespace:
    parser = FlagParser(Command.SELECT, "Choose the images of the next batch.")
    parser.add_argument(SelectFlag.INCOMING, required=True, type=_folder_uri)
    parser.add_argument(SelectFlag.BATCHES, required=True, type=_folder_uri)
    parser.add_argument(SelectFlag.RUN_TIME, required=True, help="first part of the batch's name")
    parser.add_argument(SelectFlag.MAX_IMAGES, required=True, type=positive_integer)
    parser.add_argument(SelectFlag.MAX_BYTES, required=True, type=positive_integer)
    parser.add_argument(SelectFlag.IMAGES, choices=SELECTED_IMAGES, default="new")
    parser.add_argument(SelectFlag.SCREENING, choices=SCREENINGS, default="decode")
    return parser.parse_args(argv)


def _folder_uri(text: str) -> str:
    if not (text.startswith("s3://") and text.endswith("/")):
        raise argparse.ArgumentTypeError(f"must be an s3:// folder with its slash, not {text}")
    return text


def _select(incoming: Folder, batches: Folder, flags: argparse.Namespace) -> Selection:
    output = processing_output(Output.BATCHES)
    with tempfile.TemporaryDirectory() as scratch, open_database(Path(scratch)) as database:
        ledger = Ledger(database, download_ledger(batches, Path(scratch) / files.BATCH_LEDGER))
        recorded = update_ledger(ledger, batches)
        if ledger.changed:
            ledger.save(output / files.BATCH_LEDGER)
        listing = list_incoming(database, incoming)
        candidates = find_candidates(database, flags.images)
        _log.info("%d images in incoming/, %d of them new", listing.images, candidates.new)
        choice = choose_images(candidates, flags.max_images, _screening(incoming, flags))
    batch = choice.name(flags.run_time)
    forced = flags.images == "all"
    if batch is not None:
        _write_batch(output / batch, incoming, batch, choice, forced)
    return Selection(
        stage="select",
        batch=batch,
        forced=forced,
        counts=_counts(listing, candidates, choice),
        listing=listing.hexdigest(),
        recorded=recorded,
        examples=dict(islice(choice.unreadable.items(), EXAMPLES)),
    )


def _screening(
    incoming: Folder, flags: argparse.Namespace
) -> Callable[[list[IncomingImage]], Screened]:
    if flags.screening == "names":
        return partial(screen_names, largest=flags.max_bytes)
    return partial(screen_photos, incoming, largest=flags.max_bytes)


def _write_batch(folder: Path, incoming: Folder, batch: str, choice: Choice, forced: bool) -> None:
    folder.mkdir(parents=True)
    plan = BatchPlan(
        batch=batch,
        images=choice.images,
        unreadable=choice.unreadable,
        unreadable_tags=choice.unreadable_tags,
        forced=forced,
    )
    write_json(folder / files.BATCH_PLAN, plan.as_json())
    manifest: list[Any] = [{"prefix": incoming.uri()}, *choice.images]
    write_json(folder / files.BATCH_MANIFEST, manifest)
    if not choice.images:
        write_json(folder / files.BATCH_RECORD, _unreadable_record(plan).as_json())
    _log.info(
        "Batch %s: %d images, %d left out as unreadable",
        batch,
        len(choice.images),
        len(choice.unreadable),
    )


def _unreadable_record(plan: BatchPlan) -> BatchRecord:
    """Return the record of a batch without a readable image, which has no further jobs."""
    return BatchRecord(
        **plan.as_json(),
        stage="batch",
        counts=BatchCounts(images=0, unreadable=len(plan.unreadable)),
        predictions=None,
        report=None,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def _counts(listing: ListingHash, candidates: Candidates, choice: Choice) -> SelectionCounts:
    return SelectionCounts(
        listed=listing.images,
        new=candidates.new,
        images=len(choice.images),
        unreadable=len(choice.unreadable),
        changed=choice.changed,
        remaining=candidates.new - choice.new,
    )

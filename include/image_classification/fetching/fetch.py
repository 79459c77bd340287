"""Command `fetch`: files on the web to the source's folder in S3."""

from __future__ import annotations

import argparse
import datetime
import logging
import time
from pathlib import Path

from include.common.s3_uri import split_s3_uri
from include.contracts import files
from include.contracts.commands import Command, FetchFlag, Input, Output
from include.contracts.records import FetchReport, FetchRequest, parse_json_record
from include.image_classification.container import (
    CommandError,
    processing_input,
    processing_output,
)
from include.image_classification.dataset.version.manifest import write_json
from include.image_classification.fetching.files import FetchError, Places, fetch_files
from include.image_classification.flags import FlagParser
from include.image_classification.s3_access import s3_client

WAITS = (30.0, 120.0, 600.0)
"""Seconds before each retry after a retryable error, such as an unreachable server."""

_log = logging.getLogger(__name__)


def main(argv: list[str]) -> None:
    """Fetch the files of input/request/request.json, and write output/result/fetch.json.

    The bytes go directly to S3, in parts, under the job's role. After a retryable error the
    download is resumed after a while; another job resumes it, too.

    Raises:
        CommandError: The request is missing or invalid, or a file cannot be fetched.
    """
    started = time.perf_counter()
    flags = _parse_flags(argv)
    request = read_request(processing_input(Input.REQUEST) / files.FETCH_REQUEST)
    (bucket, source), (_, drafts) = split_s3_uri(flags.source), split_s3_uri(flags.drafts)
    places = Places(s3_client(), bucket, source, drafts)
    fetched = _with_retries(places, request)
    report = FetchReport(
        stage="fetch",
        fetched=sorted(fetched),
        unchanged=[file.name for file in request.files if file.name not in fetched],
        seconds=round(time.perf_counter() - started, 3),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )
    write_json(processing_output(Output.RESULT) / files.FETCH_REPORT, report.as_json())


def _parse_flags(argv: list[str]) -> argparse.Namespace:
    parser = FlagParser(Command.FETCH, "Fetch files from the web into the source's folder.")
    parser.add_argument(FetchFlag.SOURCE, required=True, help="s3://.../source/")
    parser.add_argument(FetchFlag.DRAFTS, required=True, help="s3://.../fetching/")
    return parser.parse_args(argv)


def read_request(path: Path) -> FetchRequest:
    """Return the request in a file.

    Raises:
        CommandError: The file is missing or invalid.
    """
    try:
        return parse_json_record(FetchRequest, path.read_bytes())
    except FileNotFoundError:
        raise CommandError(f"{path} is missing: clear plan_fetch, which writes it") from None
    except ValueError as error:
        raise CommandError(f"{path} is no request: {error}: clear plan_fetch") from None


def _with_retries(places: Places, request: FetchRequest) -> set[str]:
    """Return the names of the fetched files; retry after retryable errors."""
    fetched: set[str] = set()
    for wait in WAITS:
        try:
            for name in fetch_files(places, request):
                fetched.add(name)
        except FetchError as error:
            _log.warning("%s; the next try is in %.0f s", error, wait)
            time.sleep(wait)
        else:
            return fetched
    fetched.update(fetch_files(places, request))
    return fetched

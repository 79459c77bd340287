"""List `incoming/` into the database, page by page."""

from __future__ import annotations

import duckdb

from include.common.incoming import ListingHash, is_ignored
from include.image_classification.progress import with_progress
from include.image_classification.selection.database import insert
from include.image_classification.selection.folder import Folder

PAGE = 1000
"""The number of objects in a page, of which S3 allows at most so many."""


def list_incoming(database: duckdb.DuckDBPyConnection, incoming: Folder) -> ListingHash:
    """Fill the table `listed` with the images below `incoming/`, and return their hash.

    Folder markers and files that are unfinished by their names are ignored; every other object
    counts as an image. One page of the listing is in memory at a time.
    """
    database.execute("CREATE TABLE listed (key VARCHAR, tag VARCHAR, size BIGINT)")
    found = ListingHash()
    paginator = incoming.s3.get_paginator("list_objects_v2")
    pages = paginator.paginate(
        Bucket=incoming.bucket, Prefix=incoming.prefix, PaginationConfig={"PageSize": PAGE}
    )
    for page in with_progress(pages, "pages of incoming/ listed"):
        images = [
            (entry["Key"].removeprefix(incoming.prefix), entry["ETag"], entry["Size"])
            for entry in page.get("Contents", [])
            if not is_ignored(entry["Key"])
        ]
        for key, tag, _ in images:
            found.add(key, tag)
        insert(database, "listed", list(zip(*images, strict=True)) or [()])
    return found

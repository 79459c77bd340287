"""Property test: the source has the old file or a complete one, whatever the mirrors do."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.config.sections.web_file import WebFile
from include.image_classification.fetching.files import FetchError, UnavailableFileError
from include.storage.layout import Layout
from tests.include.image_classification.fetching.conftest import SourceFolder, fetch_source
from tests.include.image_classification.fetching.mirror import Mirror, mirror

RIGHT = random.Random(4).randbytes(4200)
WRONG = random.Random(5).randbytes(4200)
OLD = b"old"


@dataclass
class Web:
    """Two mirrors that are shared by all examples."""

    first: Mirror
    second: Mirror


@pytest.fixture
def web() -> Iterator[Web]:
    with mirror() as first, mirror() as second:
        yield Web(first, second)


def pages() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "content": st.sampled_from([RIGHT, RIGHT, WRONG, RIGHT[:-1]]),
            "etag": st.sampled_from([None, '"{}"', 'W/"{}"']),
            "modified": st.sampled_from([None, "Wed, 01 Jan 2025 00:00:00 GMT"]),
            "cuts": st.lists(st.one_of(st.none(), st.integers(0, 4200)), max_size=4),
            "statuses": st.lists(st.sampled_from([200, 200, 503, 404]), max_size=3),
            "ranges": st.booleans(),
            "shifted": st.sampled_from([0, 0, 3]),
            "length": st.sampled_from([None, None, 5000]),
        }
    )


def _copy(page: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a page with an ETag that depends on the content."""
    lists = {name: list(page[name]) for name in ("cuts", "statuses")}
    tag = page["etag"] and page["etag"].format(sha256(page["content"]).hexdigest())
    return {**page, **lists, "etag": tag}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(served=st.tuples(pages(), pages()), known=st.booleans())
def test_the_source_never_has_a_partial_or_wrong_file(
    s3: Any,
    layout: Layout,
    source_folder: SourceFolder,
    web: Web,
    served: tuple[Any, Any],
    known: bool,
) -> None:
    key = f"{layout.source}a.tgz"
    s3.put_object(Bucket=layout.bucket, Key=key, Body=OLD)
    urls = [
        server.serve("/a.tgz", **_copy(page))
        for server, page in zip((web.first, web.second), served, strict=True)
    ]
    digest = sha256(RIGHT).hexdigest()
    file = WebFile(mirrors=urls, sha256=digest if known else None)
    fetched = False
    for _ in range(3):  # retries
        try:
            fetched = fetch_source(s3, layout, [file]) == ["a.tgz"] or fetched
        except (FetchError, UnavailableFileError):
            assert source_folder.content("a.tgz") == OLD
            continue
        break
    complete = {RIGHT} if known else {page["content"] for page in served}
    if fetched:
        assert source_folder.content("a.tgz") in complete
        assert source_folder.uploads() == []
        assert source_folder.keys() == [key]
    else:
        assert source_folder.content("a.tgz") == OLD

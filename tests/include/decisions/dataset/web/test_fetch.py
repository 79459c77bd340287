"""A file on the web is copied once for each of its states, whole or not at all."""

from __future__ import annotations

import hashlib
import logging
import random
from dataclasses import asdict
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request

import pytest

from include.common import guarded_http
from include.common.guarded_http import AddressRefused
from include.config.sections.web_file import WebFile
from include.decisions.dataset import fetch
from include.decisions.dataset.fetch import FetchError
from include.decisions.dataset.source import SourceError
from include.decisions.dataset.web import progress, request
from include.decisions.dataset.web.state import FileState
from include.storage.layout import Layout
from tests.include.decisions.dataset.web.conftest import SourceFolder, fetch_source
from tests.include.decisions.dataset.web.mirror import LONG_AGO, Mirror, Page

CONTENT = random.Random(1).randbytes(3500)
OTHER = random.Random(2).randbytes(3500)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _file(*urls: str, **more: Any) -> WebFile:
    return WebFile(mirrors=list(urls), **more)


def test_a_file_is_fetched_once_for_each_state(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    file = _file(first.serve("/cars%20train.tgz", CONTENT))
    assert fetch_source(s3, layout, [file]) == ["cars train.tgz"]
    assert fetch_source(s3, layout, [file]) == []
    first.serve("/cars%20train.tgz", OTHER, etag='"two"')
    assert fetch_source(s3, layout, [file]) == ["cars train.tgz"]
    assert source_folder.keys() == ["stanford_cars/source/cars train.tgz"]
    assert source_folder.content("cars train.tgz") == OTHER
    assert source_folder.uploads() == []


def test_a_file_that_says_nothing_of_its_state_is_fetched_each_time_to_the_same_tag(
    s3: Any, layout: Layout, first: Mirror
) -> None:
    """Without ETag and date nobody knows whether it changed; the source's fingerprint does."""
    file = _file(first.serve("/a.tgz", CONTENT, etag=None, modified=None))
    tags = []
    for _ in range(2):
        assert fetch_source(s3, layout, [file]) == ["a.tgz"]
        head = s3.head_object(Bucket=layout.bucket, Key=f"{layout.source}a.tgz")
        tags.append(head["ETag"])
    assert tags[0] == tags[1]
    assert head["Metadata"]["sha256"] == _sha(CONTENT)


def test_a_file_that_is_known_by_its_hash_needs_no_server_once_it_is_there(
    s3: Any, layout: Layout, first: Mirror
) -> None:
    file = _file(first.serve("/a.tgz", CONTENT), sha256=_sha(CONTENT), name="cars_train.tgz")
    assert fetch_source(s3, layout, [file]) == ["cars_train.tgz"]
    first.pages.clear()
    first.asked.clear()
    assert fetch_source(s3, layout, [file]) == []
    assert first.asked == []


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("sha256", [None, _sha(CONTENT)])
def test_a_connection_that_is_cut_is_taken_up(
    s3: Any,
    layout: Layout,
    first: Mirror,
    source_folder: SourceFolder,
    ranges: bool,
    sha256: str | None,
) -> None:
    """In the middle of a part; where the server ignores ranges, from the start."""
    url = first.serve("/a.tgz", CONTENT, cuts=[2500, 100], ranges=ranges)
    if ranges:
        assert fetch_source(s3, layout, [_file(url, sha256=sha256)]) == ["a.tgz"]
        assert first.ranges == [None, "bytes=2500-", "bytes=2600-"]
        assert first.asked[1][1]["If-Range"] == '"one"'
    else:
        first.pages["/a.tgz"].cuts = [2500]
        assert fetch_source(s3, layout, [_file(url, sha256=sha256)]) == ["a.tgz"]
        assert first.ranges == [None, "bytes=2500-"]
    assert source_folder.content("a.tgz") == CONTENT


def test_a_file_that_changed_between_two_connections_is_read_from_its_start(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    changed = Page(OTHER, etag='"two"')
    url = first.serve("/a.tgz", CONTENT, cuts=[2500], changes=1, then=changed)
    assert fetch_source(s3, layout, [_file(url)]) == ["a.tgz"]
    assert source_folder.content("a.tgz") == OTHER


def test_a_file_that_shrank_between_two_connections_is_read_from_its_start(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    """Its server ignores If-Range and has no such byte any more."""
    url = first.serve("/a.tgz", CONTENT, cuts=[2500], changes=1, then=Page(b"short"))
    assert fetch_source(s3, layout, [_file(url)]) == ["a.tgz"]
    assert source_folder.content("a.tgz") == b"short"


def test_a_weak_tag_vouches_for_nothing(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", CONTENT, etag='W/"one"', cuts=[2500])
    assert fetch_source(s3, layout, [_file(url)]) == ["a.tgz"]
    assert first.ranges == [None, None]
    assert source_folder.content("a.tgz") == CONTENT


def test_a_date_that_lies_back_vouches_where_there_is_no_tag(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", CONTENT, etag=None, cuts=[2500])
    assert fetch_source(s3, layout, [_file(url)]) == ["a.tgz"]
    assert first.asked[1][1]["If-Range"] == LONG_AGO
    assert source_folder.content("a.tgz") == CONTENT


def test_a_range_that_begins_elsewhere_is_not_taken(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", CONTENT, cuts=[2500], shifted=7)
    assert fetch_source(s3, layout, [_file(url)]) == ["a.tgz"]
    assert source_folder.content("a.tgz") == CONTENT


def test_the_next_mirror_goes_on_where_the_hash_makes_it_safe(
    s3: Any, layout: Layout, first: Mirror, second: Mirror, source_folder: SourceFolder
) -> None:
    urls = (
        first.serve("/a.tgz", CONTENT, cuts=[2500], statuses=[200, 503]),
        second.serve("/b.tgz", CONTENT, etag='"else"'),
    )
    assert fetch_source(s3, layout, [_file(*urls, sha256=_sha(CONTENT))]) == ["a.tgz"]
    assert second.ranges == ["bytes=2500-"]
    assert source_folder.content("a.tgz") == CONTENT


@pytest.mark.parametrize("etag", ['"one"', '"else"'])
def test_the_next_mirror_goes_on_without_a_hash_only_with_the_same_strong_tag(
    s3: Any, layout: Layout, first: Mirror, second: Mirror, source_folder: SourceFolder, etag: str
) -> None:
    same = etag == '"one"'
    served = CONTENT if same else OTHER
    urls = (
        first.serve("/a.tgz", CONTENT, cuts=[2500], statuses=[200, 503]),
        second.serve("/b.tgz", served, etag=etag),
    )
    assert fetch_source(s3, layout, [_file(*urls)]) == ["a.tgz"]
    assert second.asked[0][1]["If-Range"] == '"one"'
    assert source_folder.content("a.tgz") == served


def test_bytes_of_two_mirrors_that_do_not_fit_are_read_again_from_one(
    s3: Any, layout: Layout, first: Mirror, second: Mirror, source_folder: SourceFolder
) -> None:
    """The first mirror's wrong half must not be blamed on the second."""
    urls = (
        first.serve("/a.tgz", OTHER, cuts=[2500], statuses=[200, 503]),
        second.serve("/a.tgz", CONTENT),
    )
    assert fetch_source(s3, layout, [_file(*urls, sha256=_sha(CONTENT))]) == ["a.tgz"]
    assert second.ranges == ["bytes=2500-", None]
    assert source_folder.content("a.tgz") == CONTENT


def test_a_later_task_goes_on_with_the_parts_that_are_there(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    """The hash of the earlier parts is lost with the task: the whole is read back from S3."""
    url = first.serve("/a.tgz", CONTENT, cuts=[2500], statuses=[200, 503, 503])
    file = _file(url, sha256=_sha(CONTENT))
    with pytest.raises(FetchError, match="503"):
        fetch_source(s3, layout, [file])
    assert source_folder.uploads() == ["stanford_cars/fetching/a.tgz/content"]
    assert source_folder.content("a.tgz") is None
    first.pages["/a.tgz"].statuses.clear()
    first.asked.clear()
    assert fetch_source(s3, layout, [file]) == ["a.tgz"]
    assert first.ranges == ["bytes=2000-"]
    assert source_folder.content("a.tgz") == CONTENT
    assert source_folder.uploads() == []
    assert source_folder.keys() == ["stanford_cars/source/a.tgz"]


def test_a_later_task_does_not_trust_parts_that_turn_out_wrong(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", OTHER, cuts=[2500], statuses=[200, 503])
    file = _file(url, sha256=_sha(CONTENT))
    with pytest.raises(FetchError):
        fetch_source(s3, layout, [file])
    first.serve("/a.tgz", CONTENT)
    assert fetch_source(s3, layout, [file]) == ["a.tgz"]
    assert source_folder.content("a.tgz") == CONTENT


def test_a_later_task_begins_anew_where_the_parts_are_of_another_state_or_file(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", CONTENT, cuts=[2500], statuses=[200, 503])
    with pytest.raises(FetchError):
        fetch_source(s3, layout, [_file(url)])
    first.serve("/a.tgz", OTHER, etag='"two"')
    assert fetch_source(s3, layout, [_file(url)]) == ["a.tgz"]
    assert source_folder.content("a.tgz") == OTHER
    assert source_folder.uploads() == []


@pytest.mark.parametrize("step", ["draft.Draft.complete", "source_folder.publish"])
@pytest.mark.parametrize("known", [True, False])
def test_a_task_that_was_killed_after_the_last_part_has_nothing_to_read_again(
    s3: Any,
    layout: Layout,
    first: Mirror,
    source_folder: SourceFolder,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    known: bool,
) -> None:
    """Without a hash the server is asked, but not read, whether the file is the same still."""
    content = CONTENT[:3000]
    file = _file(first.serve("/a.tgz", content), sha256=_sha(content) if known else None)
    with monkeypatch.context() as patch:
        patch.setattr(f"include.decisions.dataset.web.{step}", _killed)
        with pytest.raises(KeyboardInterrupt):
            fetch_source(s3, layout, [file])
    first.pages["/a.tgz"].cuts = [0] * 9
    first.asked.clear()
    assert fetch_source(s3, layout, [file]) == ["a.tgz"]
    assert first.ranges == ([] if known else [None])
    assert source_folder.content("a.tgz") == content
    assert source_folder.keys() == ["stanford_cars/source/a.tgz"]


def test_a_whole_draft_of_a_file_that_changed_since_is_not_published(
    s3: Any,
    layout: Layout,
    first: Mirror,
    source_folder: SourceFolder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = _file(first.serve("/a.tgz", CONTENT))
    with monkeypatch.context() as patch:
        patch.setattr("include.decisions.dataset.web.source_folder.publish", _killed)
        with pytest.raises(KeyboardInterrupt):
            fetch_source(s3, layout, [file])
    first.serve("/a.tgz", OTHER, etag='"two"')
    assert fetch_source(s3, layout, [file]) == ["a.tgz"]
    assert source_folder.content("a.tgz") == OTHER


def _killed(*anything: Any) -> None:
    raise KeyboardInterrupt


def test_a_wrong_file_leaves_the_old_one_and_names_what_was_expected_and_found(
    s3: Any, layout: Layout, first: Mirror, second: Mirror, source_folder: SourceFolder
) -> None:
    fetch_source(s3, layout, [_file(first.serve("/a.tgz", b"old"))])
    wrong = _file(
        first.serve("/a.tgz", OTHER, etag='"two"'),
        second.serve("/a.tgz", b"much shorter"),
        sha256=_sha(CONTENT),
        size=3500,
    )
    with pytest.raises(SourceError) as caught:
        fetch_source(s3, layout, [wrong])
    assert str(caught.value) == (
        f"{first.url}/a.tgz cannot be read: its sha256 is {_sha(OTHER)}, expected is "
        f"{_sha(CONTENT)}; {second.url}/a.tgz cannot be read: it has 12 bytes, expected are 3500: "
        "see source.urls"
    )
    assert source_folder.content("a.tgz") == b"old"
    assert source_folder.uploads() == []
    assert source_folder.keys() == ["stanford_cars/source/a.tgz"]


def test_a_wrong_file_is_fetched_from_the_next_mirror(
    s3: Any, layout: Layout, first: Mirror, second: Mirror, source_folder: SourceFolder
) -> None:
    urls = (first.serve("/a.tgz", OTHER), second.serve("/a.tgz", CONTENT))
    fetch_source(s3, layout, [_file(*urls, sha256=_sha(CONTENT))])
    assert source_folder.content("a.tgz") == CONTENT


def test_a_length_that_is_a_lie_is_no_whole_file(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", CONTENT, length=4000)
    with pytest.raises(FetchError, match=r"a\.tgz cannot be read: .*\(3500 bytes came\)"):
        fetch_source(s3, layout, [_file(url)])
    assert source_folder.content("a.tgz") is None


def test_a_file_without_a_length_needs_its_size(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    """The end of the connection may be the end of the file or a cut."""
    url = first.serve("/a.tgz", CONTENT, lengthless=True, cuts=[None, 2500])
    with pytest.raises(SourceError, match="does not say how long the file is: give its size"):
        fetch_source(s3, layout, [_file(url)])
    assert fetch_source(s3, layout, [_file(url, size=3500)]) == ["a.tgz"]
    assert source_folder.content("a.tgz") == CONTENT


def test_an_empty_file_is_refused(s3: Any, layout: Layout, first: Mirror) -> None:
    for statuses, reason in ([], "it is empty"), ([204], "204 No Content instead of the file"):
        url = first.serve("/a.tgz", b"", statuses=statuses)
        with pytest.raises(SourceError, match=reason):
            fetch_source(s3, layout, [_file(url)])


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, SourceError), (403, SourceError), (410, SourceError), (503, FetchError)],
)
def test_what_lasts_is_told_from_what_passes(
    s3: Any, layout: Layout, first: Mirror, status: int, error: type[Exception]
) -> None:
    url = first.serve("/a.tgz", CONTENT, statuses=[status, 200])
    with pytest.raises(error, match=rf"/a\.tgz cannot be read: {status} .*: see source\.urls"):
        fetch_source(s3, layout, [_file(url)])
    assert fetch_source(s3, layout, [_file(url)]) == ["a.tgz"]


def test_one_mirror_that_may_come_back_makes_the_failure_pass(
    s3: Any, layout: Layout, first: Mirror
) -> None:
    urls = (f"{first.url}/missing.tgz", "http://127.0.0.1:9/a.tgz")
    with pytest.raises(FetchError, match=r"missing\.tgz cannot be read: 404 .*; http.*refused"):
        fetch_source(s3, layout, [_file(*urls)])


def test_a_silent_server_is_given_up(
    s3: Any, layout: Layout, first: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setattr(request, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.tgz"
        with pytest.raises(FetchError, match="timed out"):
            fetch_source(s3, layout, [_file(url)])


def test_redirects_are_followed_but_not_out_of_https_or_http(
    s3: Any, layout: Layout, first: Mirror, second: Mirror, source_folder: SourceFolder
) -> None:
    there = second.serve("/there.tgz", CONTENT, cuts=[2500])
    url = first.serve("/a.tgz", b"", redirect=there)
    assert fetch_source(s3, layout, [_file(url)]) == ["a.tgz"]
    assert second.ranges == [None, "bytes=2500-"]
    assert source_folder.content("a.tgz") == CONTENT
    elsewhere = first.serve("/b.tgz", b"", redirect="file:///etc/passwd")
    with pytest.raises(SourceError, match="302"):
        fetch_source(s3, layout, [_file(elsewhere)])


def test_a_redirect_from_https_to_http_is_refused() -> None:
    redirects = guarded_http._Redirects()
    with pytest.raises(AddressRefused, match="from https to http://b/x, which is refused"):
        redirects.redirect_request(Request("https://a/x"), None, 302, "", {}, "http://b/x")
    assert isinstance(
        redirects.redirect_request(Request("https://a/x"), None, 302, "", {}, "https://b/x"),
        Request,
    )
    with pytest.raises(HTTPError):
        redirects.redirect_request(
            Request("https://a/x", data=b"", method="PUT"), None, 302, "", {}, "https://b/x"
        )


def test_a_mirror_at_a_private_address_is_refused_for_good_unless_it_is_allowed(
    s3: Any, layout: Layout, first: Mirror
) -> None:
    file = _file(first.serve("/a.tgz", CONTENT))
    with pytest.raises(SourceError, match=r"127.0.0.1 is at 127.0.0.1, which is no public address"):
        fetch.fetch_source(s3, layout, [file])
    assert first.asked == []
    with pytest.raises(SourceError, match=r"Airflow Variable fetch_allowed_hosts: '127.0.0.1/8'"):
        fetch.fetch_source(s3, layout, [file], "127.0.0.1/8")
    assert fetch.fetch_source(s3, layout, [file], "127.0.0.1") == ["a.tgz"]


def test_a_file_that_announces_more_than_is_allowed_is_not_read(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", CONTENT)
    with pytest.raises(SourceError, match="it has 3500 bytes, and max_bytes allows 3499: raise it"):
        fetch_source(s3, layout, [_file(url, max_bytes=3499)])
    assert (source_folder.keys(), source_folder.uploads()) == ([], [])
    assert fetch_source(s3, layout, [_file(url, max_bytes=3500)]) == ["a.tgz"]


def test_a_file_that_goes_on_beyond_its_size_is_not_read_to_the_end(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    """Its server does not say how long it is; it would fill the bucket."""
    url = first.serve("/a.tgz", CONTENT * 1000, lengthless=True)
    with pytest.raises(SourceError, match="it does not end, and size allows 3500"):
        fetch_source(s3, layout, [_file(url, size=3500)])
    assert (source_folder.keys(), source_folder.uploads()) == ([], [])


def test_stanfords_own_address_is_named_as_dead(
    s3: Any, layout: Layout, first: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", first.url)  # which has none of them
    monkeypatch.setattr(guarded_http, "_check_proxied", lambda *_: None)  # asks for real addresses
    old = "http://ai.stanford.edu/~jkrause/car196/cars_train.tgz"
    older = "http://imagenet.stanford.edu/internal/car196/cars_train.tgz"
    place = "s3://some-bucket/stanford_cars/source/"
    fix = f"give addresses that serve it as mirrors, or upload the archives to {place}"
    with pytest.raises(SourceError) as caught:
        fetch_source(s3, layout, [_file(old, older)])
    assert str(caught.value) == (
        f"{old} cannot be read: 404 Not Found; {older} cannot be read: 404 Not Found: see "
        "source.urls (the original address of Stanford Cars, ai.stanford.edu, has answered 404 "
        f"since April 2023 at the latest: {fix} and leave urls out) (the original address of "
        f"Stanford Cars, imagenet.stanford.edu, no longer serves it: {fix} and leave urls out)"
    )
    with pytest.raises(SourceError) as caught:
        fetch_source(s3, layout, [_file("http://ai.stanford.edu/~else/cars.tgz")])
    assert "original address" not in str(caught.value)


def test_drafts_of_files_that_the_pipeline_no_longer_names_are_removed(
    s3: Any, layout: Layout, first: Mirror, source_folder: SourceFolder
) -> None:
    url = first.serve("/a.tgz", CONTENT, cuts=[2500], statuses=[200, 503])
    with pytest.raises(FetchError):
        fetch_source(s3, layout, [_file(url)])
    assert source_folder.uploads() != []
    fetch_source(s3, layout, [_file(first.serve("/b.tgz", CONTENT))])
    assert source_folder.uploads() == []
    assert source_folder.keys() == ["stanford_cars/source/b.tgz"]


def test_progress_is_told_in_bytes_share_and_rate(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    told = progress.Progress("a.tgz", every=0)
    told.at(5_000_000, 10_000_000)
    told.at(7_500_000, None)
    assert caplog.messages[0] == "a.tgz: 5.0 of 10.0 MB (50%), 0.0 MB/s"
    assert caplog.messages[1].startswith("a.tgz: 7.5 MB, ")


def _everything_in(s3: Any, layout: Layout) -> str:
    """Return the keys, metadata and contents of all objects as text."""
    found = []
    for entry in s3.list_objects_v2(Bucket=layout.bucket).get("Contents", []):
        stored = s3.get_object(Bucket=layout.bucket, Key=entry["Key"])
        found.append(f"{entry['Key']} {stored['Metadata']} {stored['Body'].read()!r}")
    return "\n".join(found)


def test_a_token_in_an_address_is_neither_logged_nor_stored(
    s3: Any, layout: Layout, first: Mirror, caplog: pytest.LogCaptureFixture
) -> None:
    """A presigned address is as good as the file, and S3's metadata and logs have more readers."""
    caplog.set_level(logging.INFO)
    url = first.serve("/a.tgz?sig=t0ken", CONTENT, cuts=[1500, 0, 0, 0])
    with pytest.raises(FetchError, match=r"/a\.tgz cannot be read: .*bytes early") as raised:
        fetch_source(s3, layout, [_file(url)])
    drafted = _everything_in(s3, layout)
    assert "draft.json" in drafted
    first.asked.clear()
    assert fetch_source(s3, layout, [_file(url)]) == ["a.tgz"]
    assert set(first.ranges) == {"bytes=1000-"}  # the draft's address was recognised
    stored = _everything_in(s3, layout)
    assert f"'origin': '{first.url}/a.tgz'" in stored
    for text in (str(raised.value), drafted, stored, caplog.text):
        assert "t0ken" not in text


@pytest.mark.parametrize(
    "address", ["http://user:t0ken@127.0.0.1/a.tgz", "http://127.0.0.1:9/a ?t0ken=/b"]
)
def test_an_address_that_cannot_be_requested_is_refused_without_its_token(
    s3: Any, layout: Layout, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    unchecked = WebFile.model_construct(mirrors=[address])  # a pipeline's file refuses it sooner
    with pytest.raises(SourceError, match="cannot be requested") as raised:
        fetch_source(s3, layout, [unchecked])
    assert "t0ken" not in str(raised.value) + caplog.text


def test_a_redirect_that_is_refused_shows_no_token() -> None:
    old = Request("https://a.b/c")
    with pytest.raises(AddressRefused, match=r"from https to http://d/e, which is refused"):
        guarded_http._Redirects().redirect_request(old, None, 302, "", {}, "http://d/e?t0ken=1")


def test_a_draft_of_an_earlier_version_is_known_by_its_address() -> None:
    """It kept the URL itself."""
    headers = {"ETag": '"one"', "Last-Modified": LONG_AGO}
    state = FileState.of("http://a/b?t0ken", 7, headers)
    old = {
        "url": "http://a/b?t0ken",
        "size": 7,
        "etag": '"one"',
        "modified": LONG_AGO,
        "validator": '"one"',
    }
    assert FileState.read(old) == state
    assert FileState.read(asdict(state)) == state

"""The status page in a browser."""

import html
import re
from typing import Any

import httpx
import pytest

from tests.include.local_aws.local_server import LocalServer

EVIL = "<script>alert('no')</script>"


@pytest.fixture(scope="module")
def browser(aws: LocalServer) -> httpx.Client:
    """A browser that has opened the URL with the key."""
    browser = httpx.Client(base_url=aws.url)
    assert browser.get(aws.status_url).status_code == 303  # it sets the cookie
    return browser


@pytest.fixture(scope="module")
def failed(aws: LocalServer) -> str:
    """A failed job whose reason would be a script if it were not escaped."""
    name = aws.train(aws.put("page", a="1"), failure=EVIL, exit="2")
    aws.wait_for_job("training", name)
    return name


@pytest.fixture(scope="module")
def served(aws: LocalServer) -> str:
    return aws.endpoint(aws.config(aws.model(VERSION="1"), count=2))


@pytest.fixture(scope="module")
def pages(browser: httpx.Client, failed: str, served: str) -> dict[str, httpx.Response]:
    paths = ("/", f"/jobs/training/{failed}", f"/endpoints/{served}", "/jobs/training/none")
    return {path: browser.get(path) for path in paths}


def test_the_overview_shows_jobs_endpoints_and_storage(
    pages: dict[str, httpx.Response], failed: str, served: str
) -> None:
    text = pages["/"].text
    assert f'href="/jobs/training/{failed}"' in text
    assert html.escape(f"AlgorithmError: {EVIL}", quote=False).split("'")[0] in text
    assert f'href="/endpoints/{served}"' in text
    assert "2 processes" in re.sub(r"\s+", " ", text)
    assert re.search(
        r"Storage: [\d.]+ [kMGT]?B used, [\d.]+ [kMGT]?B of [\d.]+ [kMGT]?B free", text
    )
    assert 'href="/s3/bucket/"' in text


def test_external_text_is_escaped(pages: dict[str, httpx.Response]) -> None:
    for path, page in pages.items():
        assert EVIL not in page.text, path


def test_external_content_and_framing_are_forbidden(
    pages: dict[str, httpx.Response],
) -> None:
    for page in pages.values():
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"""(src|href|action)=["']?(https?:)?//""", page.text)
        assert "url(" not in page.text
        assert "@import" not in page.text
        scripts = re.findall(r"<script([^>]*)>", page.text)
        assert all(f"'{_nonce(script)}'" in policy for script in scripts)


def _nonce(script: str) -> str:
    found = re.search(r'nonce="([^"]+)"', script)
    assert found, script
    return f"nonce-{found[1]}"


def test_the_live_part_is_a_part_of_the_page(browser: httpx.Client, failed: str) -> None:
    """The script replaces the live part: a difference would make the page flicker."""
    whole = browser.get(f"/jobs/training/{failed}").text
    part = browser.get(f"/jobs/training/{failed}?part=").text
    assert part.strip() in whole
    assert "<html" not in part
    assert "<script" not in part


def test_a_job_page_has_the_failure_reason_and_the_log(
    pages: dict[str, httpx.Response], failed: str
) -> None:
    text = pages[f"/jobs/training/{failed}"].text
    assert "exit code: 2" in text
    assert "Epoch[1] Validation-accuracy=0.6" in text
    assert "validation:accuracy" in text


def test_a_log_is_followed_from_the_end_of_the_page(
    aws: LocalServer, browser: httpx.Client
) -> None:
    name = aws.train(aws.put("page", a="1"), sleep="60", ignore_sigterm="")
    aws.wait_for_log("training", name, "sleeping")
    page = browser.get(f"/jobs/training/{name}").text
    query = {word: _data(page, word) for word in ("group", "stream")}
    end = int(_data(page, "end"))
    assert browser.get("/log", params={**query, "after": end}).json() == {"lines": [], "end": end}
    again = browser.get("/log", params={**query, "after": 0}).json()
    assert (again["lines"][-1][1], again["end"]) == ("sleeping", end)
    for nonsense in ("1", "-1", "x", str(10**30), "\u0663"):
        response = browser.get("/log", params={**query, "after": nonsense}).json()
        assert response == again, nonsense
    assert browser.get("/log.txt", params=query).text.count("\n") == len(again["lines"])
    aws.sagemaker.stop_training_job(TrainingJobName=name)


def _data(page: str, word: str) -> str:
    found = re.search(rf'data-{word}="([^"]*)"', page)
    assert found, word
    return html.unescape(found[1])


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/log", {"group": "/aws/sagemaker/../..", "stream": "etc/passwd"}),
        ("/log", {"group": "/aws/sagemaker/TrainingJobs", "stream": "../../state.sqlite"}),
        ("/log.txt", {"group": "/etc", "stream": "passwd"}),
        ("/log.txt", {}),
        ("/jobs/training/..%2f..%2fstate.sqlite", {}),
        ("/jobs/nothing/x", {}),
        ("/endpoints/%3Cscript%3E", {}),
    ],
)
def test_other_paths_are_not_served(
    browser: httpx.Client, path: str, query: dict[str, Any]
) -> None:
    answer = browser.get(path, params=query)
    assert answer.status_code in (403, 404)
    assert "script>" not in answer.text.replace("</style>", "")


def test_the_page_is_read_only(browser: httpx.Client, failed: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert browser.request(method, f"/jobs/training/{failed}").status_code == 403


def test_links_from_other_sites_work(browser: httpx.Client) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    answer = browser.get("/", headers={**followed, "Sec-Fetch-Dest": "document"})
    assert answer.status_code == 200


@pytest.fixture(scope="module")
def folder(aws: LocalServer) -> str:
    """A folder in S3 with hostile content and names."""
    objects = {
        "page.html": b"<script>alert('no')</script>",
        "photo.jpg": b"jpeg",
        "table.csv": b"a,b",
        "model.tar.gz": b"archive",
        "deep/er/file.svg": b"<svg onload='alert(1)'/>",
        "<script>alert('no')": b"x",
        "a?b#c%20d": b"odd",
    }
    for name, content in objects.items():
        aws.s3.put_object(Bucket="bucket", Key=f"browse/{name}", Body=content)
    return "/s3/bucket/browse/"


def test_a_folder_of_s3_leads_to_its_folders_and_objects(
    browser: httpx.Client, folder: str
) -> None:
    page = browser.get(folder)
    assert "<script>alert" not in page.text
    links = {html.unescape(link) for link in re.findall(r'class="entry" href="([^"]+)"', page.text)}
    assert f"{folder}deep/" in links
    contents = {browser.get(link).content for link in links if not link.endswith("/")}
    assert {b"odd", b"x", b"archive", b"jpeg", b"a,b"} <= contents
    assert f'href="{folder}deep/er/"' in browser.get(f"{folder}deep/").text
    assert 'href="/s3/bucket/"' in page.text
    assert 'href="/s3/bucket/"' in browser.get("/s3/").text
    assert browser.get(f"{folder}deep").headers["location"] == f"{folder}deep/"


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("page.html", "text/html; charset=utf-8", True),
        ("photo.jpg", "image/jpeg", True),
        ("table.csv", "text/plain; charset=utf-8", True),
        ("model.tar.gz", "application/octet-stream", False),
        ("deep/er/file.svg", "image/svg+xml", False),
    ],
)
def test_an_object_of_s3_runs_no_script(
    browser: httpx.Client, folder: str, name: str, kind: str, shown: bool
) -> None:
    headers = browser.get(f"{folder}{name}").headers
    assert headers["content-type"] == kind
    assert headers["content-disposition"].startswith("inline" if shown else "attachment")
    policy = headers["content-security-policy"]
    assert policy.startswith("sandbox;")
    assert "allow-scripts" not in policy
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["/s3/bucket/none", "/s3/bucket/none/", "/s3/none/", "/s3/UPPER/", "/s3/bucket/..%2F..%2Fetc"],
)
def test_what_is_not_in_s3_is_a_page_that_says_so(browser: httpx.Client, path: str) -> None:
    found = browser.get(path)
    assert found.status_code == 404
    assert "Nothing is at s3://" in found.text


def test_s3_is_closed_without_the_key_and_cannot_be_written(
    aws: LocalServer, browser: httpx.Client, folder: str
) -> None:
    for path in (folder, f"{folder}photo.jpg", "/s3/"):
        assert httpx.get(f"{aws.url}{path}").status_code == 403
    for method in ("PUT", "POST", "DELETE"):
        assert browser.request(method, f"{folder}photo.jpg").status_code == 403
    assert browser.get(f"{folder}photo.jpg").content == b"jpeg"


def test_a_large_folder_is_shown_in_pages(aws: LocalServer, browser: httpx.Client) -> None:
    for number in range(205):
        aws.s3.put_object(Bucket="bucket", Key=f"large/{number:03}", Body=b"")
    first = browser.get("/s3/bucket/large/").text
    rest = re.search(r'href="(\?after=[^"]+)"', first)
    assert rest is not None
    second = browser.get(f"/s3/bucket/large/{html.unescape(rest[1])}").text
    assert (first.count('class="entry"'), second.count('class="entry"')) == (200, 5)


def test_a_job_page_has_a_curve_and_leads_to_its_data(
    pages: dict[str, httpx.Response], failed: str
) -> None:
    text = pages[f"/jobs/training/{failed}"].text
    assert "<polyline" in text
    assert re.search(r'href="/s3/bucket/page[^"]*"', text)


def test_an_endpoint_page_has_its_model_and_requests(
    aws: LocalServer, browser: httpx.Client, served: str
) -> None:
    aws.runtime.invoke_endpoint(EndpointName=served, Body=b"x", ContentType="text/plain")
    text = re.sub(r"\s+", " ", browser.get(f"/endpoints/{served}").text)
    assert '<b class="number">1</b><span class="soft">requests</span>' in text
    assert re.search(r'archive</dt><dd> ?<a class="s3" href="/s3/bucket/', text)

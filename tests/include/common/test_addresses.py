"""Redaction of web addresses: tokens are removed, the rest stays readable."""

import ssl
import urllib.request
from urllib.error import URLError

import pytest

from include.common.addresses import error_text, has_secret_parts, redact_url, redact_urls


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://host/path/a.tgz", "https://host/path/a.tgz"),
        ("https://host:8443/a%20b?X-Amz-Signature=t0ken&b=1", "https://host:8443/a%20b"),
        ("https://user:t0ken@host/a#t0ken", "https://host/a"),
        ("HTTPS://t0ken@Host/a", "https://Host/a"),
        ("ftp://user:t0ken@host/a", "ftp://host/a"),
        ("https://[::1/a?t0ken", "(an address that cannot be parsed)"),
        ("s3://bucket/odd?key#1", "s3://bucket/odd?key#1"),
        ("file:///opt/weights", "file:///opt/weights"),
        ("/opt/weights", "/opt/weights"),
    ],
)
def test_redacted_addresses_have_scheme_host_and_path(url: str, shown: str) -> None:
    assert redact_url(url) == shown
    assert has_secret_parts(url) is (url != shown)


def test_addresses_in_a_text_are_redacted_and_the_sentence_stays() -> None:
    text = "GET 'https://u:t0ken@a/b?x=t0ken' failed (see http://c/d?t0ken=1). Then https://e/f."
    assert redact_urls(text) == "GET 'https://a/b' failed (see http://c/d). Then https://e/f."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Error: https://h/p?token=ab't0ken", "Error: https://h/p"),
        ("Error: https://h/p?token=ab<t0ken>", "Error: https://h/p>"),
        ("Error: https://h/p#ab't0ken.", "Error: https://h/p."),
        ("Error: https://h/it's/p?t0ken", "Error: https://h/it's/p"),
        ("Error: https://us'er:t0k'en@h/p", "Error: https://h/p"),
        ("Error: https://us<er:t0k'en@h/p'", "Error: https://h/p'"),
        ("Error: 'https://h/p?token=ab\\'t0ken'", "Error: 'https://h/p'"),
        ('{"url": "https://h/p?t0ken", "at": "h"}', '{"url": "https://h/p", "at": "h"}'),
        ("'https://a/b','https://u:t0ken@c/d?t0ken'", "'https://a/b','https://c/d'"),
        ("https://a/b,https://u:t0ken@c/d.", "https://a/b,https://c/d."),
        ("https://archive/http://u:t0ken@c/d?t0ken", "https://archive/http://c/d"),
        ("https://a/b?next=https://u:t0ken@c/t0ken", "https://a/b"),
        (
            "<a href='https://a/b'>here</a> <https://c/d>",
            "<a href='https://a/b'>here</a> <https://c/d>",
        ),
        ("https:// is no address", "https:// is no address"),
    ],
)
def test_no_part_of_a_secret_remains_after_an_address(text: str, shown: str) -> None:
    """An apostrophe is legal in every part of an address, and some servers accept `<`."""
    assert redact_urls(text) == shown


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a b?t0ken", "http://u:t0ken@127.0.0.1/a"])
def test_an_invalid_address_is_not_quoted(url: str) -> None:
    with pytest.raises(Exception, match="t0ken") as raised:
        urllib.request.urlopen(url)
    assert "t0ken" not in error_text(raised.value)
    assert error_text(raised.value).startswith("the address cannot be requested")


def test_another_error_keeps_its_reason() -> None:
    assert error_text(URLError(ConnectionRefusedError("refused"))) == "refused"
    assert error_text(ssl.SSLCertVerificationError("self-signed")) == "('self-signed',)"
    assert error_text(TimeoutError()) == "TimeoutError"

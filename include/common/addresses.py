"""Web addresses as logs, messages and records may show them: scheme, host and path only.

A query, a fragment or a user name before the host may hold a token.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

WEB_SCHEMES = frozenset({"http", "https", "ftp", "ftps"})

UNREADABLE = "(an address that cannot be parsed)"

NOT_SENT = (
    "the address cannot be requested: it has characters such as spaces, a port that is no number, "
    "or a user name and password before the host"
)

_SCHEME = r"\b(?:https?|ftps?)://"
_ADDRESS = re.compile(
    rf"""
    {_SCHEME}
    (?:[^\s"/?#]*@)?                                 # user and password
    (?:
        (?:(?!{_SCHEME})[^\s"?#])* [?#] [^\s"]*      # host, path, and query or fragment
        | (?:(?!{_SCHEME})[^\s"'<>?#])*              # host and path alone
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Ends at white space or a double quote, and where nothing secret follows also at `'<>`.

An apostrophe is legal in each part of an address: a match that ends there would leave the rest of
a token in the text.
"""

_PUNCTUATION = ".,;:!?)]}'<>"
"""Behind an address in a sentence, these belong to the sentence."""


def redact_url(url: str) -> str:
    """Return an address without user, password, query and fragment.

    A path on this machine and an `s3://` address are returned as they are: neither carries a
    token, and an S3 key may have a `?`.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme in ("", "file", "s3"):
            return url
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return UNREADABLE


def redact_urls(text: str) -> str:
    """Return a text in which each web address is shown as `redact_url` shows it."""
    return _ADDRESS.sub(_redacted, text)


def has_secret_parts(url: str) -> bool:
    """Whether a web address has a user, password, query or fragment."""
    return redact_url(url) != url


def error_text(error: BaseException) -> str:
    """Return what the error of a web request says, without what its address may hold.

    The errors of an address that cannot be sent quote its path and query alone, which nothing
    recognises as an address: they are replaced by a text of our own.
    """
    from http.client import InvalidURL

    # A refused certificate is a ValueError and an OSError: it quotes the host alone.
    if isinstance(error, InvalidURL | ValueError) and not isinstance(error, OSError):
        return NOT_SENT
    status, reason = getattr(error, "code", ""), getattr(error, "reason", None)
    return redact_urls(f"{status} {reason or error}".strip()) or type(error).__name__


def _redacted(match: re.Match[str]) -> str:
    address = match[0].rstrip(_PUNCTUATION)
    return f"{redact_url(address)}{match[0][len(address) :]}"

"""Redact web addresses for logs, messages and records: scheme, host and path only.

A query, a fragment or a user name before the host may contain a token.
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
"""A web address ends at white space or a double quote; without query and fragment also at `'<>`.

An apostrophe is legal in every part of an address: a match that ends at an apostrophe would leave
the rest of a token in the text.
"""

_PUNCTUATION = ".,;:!?)]}'<>"
"""Characters after an address that belong to the sentence around it."""


def redact_url(url: str) -> str:
    """Return an address without user, password, query and fragment.

    A local path and an `s3://` address are returned unchanged: they contain no token, and an S3 key
    may contain a `?`.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme in ("", "file", "s3"):
            return url
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return UNREADABLE


def redact_urls(text: str) -> str:
    """Return a text with each web address replaced by the result of `redact_url`."""
    return _ADDRESS.sub(_redacted, text)


def has_secret_parts(url: str) -> bool:
    """Return whether a web address has a user, password, query or fragment."""
    return redact_url(url) != url


def error_text(error: BaseException) -> str:
    """Return the text of a web request's error, without the secret parts of its address.

    Errors of an address that cannot be requested quote only its path and query, which `redact_urls`
    does not recognise as an address: they are replaced by NOT_SENT.
    """
    from http.client import InvalidURL

    # The error of an invalid certificate is a ValueError and an OSError, and quotes the host only.
    if isinstance(error, InvalidURL | ValueError) and not isinstance(error, OSError):
        return NOT_SENT
    status, reason = getattr(error, "code", ""), getattr(error, "reason", None)
    return redact_urls(f"{status} {reason or error}".strip()) or type(error).__name__


def _redacted(match: re.Match[str]) -> str:
    address = match[0].rstrip(_PUNCTUATION)
    return f"{redact_url(address)}{match[0][len(address) :]}"

r"""The service model's regular expressions, which are Java's, as Python's.

Python's `re` knows no Unicode categories (`\p{L}`), so a category becomes the ranges of the
characters that it holds, up to the end of the second plane.
"""

import functools
import itertools
import re
import unicodedata

_CATEGORY = re.compile(r"\\p\{(\w+)\}")
_LAST = 0x1FFFF


@functools.cache
def compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern, or None for one that no Python expression stands for."""
    text = _CATEGORY.sub(lambda match: _members(match[1]), pattern)
    # Two shapes end in `${1,128}`, a quantified end of text; the lengths are checked anyway.
    text = re.sub(r"\$\{\d+,\d+\}$", "", text)
    try:
        return re.compile(text)
    except re.error:
        return None


@functools.cache
def _members(category: str) -> str:
    """A category as the inside of a character class."""
    if category == "Alnum":
        return "a-zA-Z0-9"
    codes = (c for c in range(_LAST + 1) if unicodedata.category(chr(c)).startswith(category))
    runs = itertools.groupby(enumerate(codes), key=lambda pair: pair[1] - pair[0])
    return "".join(_span([code for _, code in run]) for _, run in runs)


def _span(codes: list[int]) -> str:
    return f"{_escaped(codes[0])}-{_escaped(codes[-1])}"


def _escaped(code: int) -> str:
    return f"\\U{code:08x}"

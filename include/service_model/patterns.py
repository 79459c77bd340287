r"""Translation of the service model's regular expressions, which are Java's, to Python.

Python's `re` has no Unicode categories such as `\p{L}`. A category becomes the ranges of its
characters, up to the end of the second Unicode plane.
"""

import functools
import itertools
import re
import unicodedata

_CATEGORY = re.compile(r"\\p\{(\w+)\}")
_LAST = 0x1FFFF


@functools.cache
def compile_pattern(pattern: str) -> re.Pattern[str] | None:
    """Return the compiled pattern, or None if Python has no equivalent."""
    text = _CATEGORY.sub(lambda match: _characters(match[1]), pattern)
    # Two shapes end in `${1,128}`, a quantified end of text, which repeats their length limits.
    text = re.sub(r"\$\{\d+,\d+\}$", "", text)
    try:
        return re.compile(text)
    except re.error:
        return None


@functools.cache
def _characters(category: str) -> str:
    """Return a category's characters as the inside of a character class."""
    if category == "Alnum":
        return "a-zA-Z0-9"
    codes = (c for c in range(_LAST + 1) if unicodedata.category(chr(c)).startswith(category))
    runs = itertools.groupby(enumerate(codes), key=lambda pair: pair[1] - pair[0])
    return "".join(_range([code for _, code in run]) for _, run in runs)


def _range(codes: list[int]) -> str:
    return f"{_escape(codes[0])}-{_escape(codes[-1])}"


def _escape(code: int) -> str:
    return f"\\U{code:08x}"

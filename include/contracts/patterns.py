"""Text fields of one form, whose error says in words what is allowed."""

from __future__ import annotations

import re

from pydantic import AfterValidator


def like(pattern: str, allowed: str) -> AfterValidator:
    """Return a validator for text of a form.

    pydantic's own `pattern` shows the regular expression to the user.

    Args:
        pattern: A regular expression that the whole text must match.
        allowed: What the text must be, with an example, as the rest of "allowed: ".
    """
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(f"allowed: {allowed}")
        return text

    return AfterValidator(check)

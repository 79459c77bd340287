"""Tests of the names in messages."""

import pytest

from include.common.text import FirstNames


@pytest.mark.parametrize(
    ("names", "text", "count"),
    [
        ("", "", 0),
        ("abc", "a, b, c", 3),
        ("aabbcdde", "a, b, c and 2 more", 5),
    ],
)
def test_the_first_names_are_shown_and_the_others_counted(
    names: str, text: str, count: int
) -> None:
    first = FirstNames()
    for name in names:
        first.add(name)
    assert (str(first), first.count) == (text, count)

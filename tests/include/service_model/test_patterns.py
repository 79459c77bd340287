"""Java's regular expressions, translated to Python's."""

import pytest

from include.service_model.patterns import compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"[\p{L}\p{Z}]+", "Çà va", True),
        (r"[\p{L}\p{Z}]+", "100", False),
        (r"[\p{S}\p{P}]*", "☂%", True),
        (r"[\p{Alnum}]+", "a1", True),
        (r"[\p{Alnum}]+", "é", False),
        (r"([a-z]+)${1,256}", "abc", True),
        (".*", "two\nlines", False),
    ],
)
def test_a_pattern_matches_as_in_java(pattern: str, text: str, matches: bool) -> None:
    expression = compile_pattern(pattern)
    assert expression is not None
    assert bool(expression.fullmatch(text)) is matches


def test_a_pattern_without_an_equivalent_is_none() -> None:
    assert compile_pattern("[") is None

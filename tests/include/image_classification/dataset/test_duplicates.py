"""Photos of the same bytes: kept once, or not at all."""

from include.image_classification.dataset.duplicates import deduplicate
from include.image_classification.dataset.manifest import Duplicate
from include.image_classification.dataset.photo_check import CheckedPhoto


def checked(path: str, sha256: str, label: int) -> CheckedPhoto:
    return CheckedPhoto(path, label, sha256, 1, 1, 1, sha256)


def test_the_first_path_stands_for_the_same_bytes_in_any_order() -> None:
    a, b, c = checked("a", "s", 0), checked("b", "s", 0), checked("c", "t", 0)
    for photos in ([a, b, c], [c, b, a]):
        result = deduplicate(photos)
        assert result.photos == [a, c]
        assert result.duplicates == [Duplicate("b", "s", "a")]
        assert not result.conflicting


def test_all_of_the_same_bytes_under_different_labels_are_quarantined() -> None:
    result = deduplicate([checked("a", "s", 0), checked("b", "s", 1), checked("c", "s", 0)])
    assert not result.photos
    assert not result.duplicates
    assert [row.path for row in result.conflicting] == ["a", "b", "c"]
    assert {row.reason for row in result.conflicting} == {"conflicting-labels"}
    assert "b, c" in result.conflicting[0].detail

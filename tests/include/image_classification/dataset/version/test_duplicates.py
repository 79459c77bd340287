"""Deduplication of identical photos."""

import itertools

from include.contracts.dataset import Box, Split
from include.image_classification.dataset.version.duplicates import deduplicate
from include.image_classification.dataset.version.manifest import Cut, Duplicate
from include.image_classification.dataset.version.photo_check import CheckedPhoto, Content

CLASSES = [f"class {number}" for number in range(10)]


def checked(
    path: str, sha256: str, label: int, split: Split | None = None, cut: Cut | None = None
) -> CheckedPhoto:
    return CheckedPhoto(path, label, Content(sha256, 1, 1, 1, sha256, 0, cut), split)


def test_the_first_path_of_identical_photos_is_kept() -> None:
    a, b, c = checked("a", "s", 0), checked("b", "s", 0), checked("c", "t", 0)
    for photos in ([a, b, c], [c, b, a]):
        result = deduplicate(photos, CLASSES)
        assert result.photos == [a, c]
        assert result.duplicates == [Duplicate("b", "s", "a")]
        assert not result.conflicting


def test_identical_photos_with_different_labels_are_quarantined() -> None:
    result = deduplicate(
        [checked("a", "s", 0), checked("b", "s", 1), checked("c", "s", 0)], CLASSES
    )
    assert not result.photos
    assert not result.duplicates
    assert [row.path for row in result.conflicting] == ["a", "b", "c"]
    assert {row.reason for row in result.conflicting} == {"conflicting-labels"}
    detail = "labelled 'class 0', but an identical file is 'class 1' in b"
    assert [row.detail for row in result.conflicting[::2]] == [detail, detail]
    assert {row.key for row in result.conflicting} == {"s/s"}


def test_conflicts_of_thousands_of_identical_photos_name_a_few() -> None:
    """Naming all of them in every row would take gigabytes."""
    result = deduplicate([checked(f"{n:05}", "s", n % 10) for n in range(2000)], CLASSES)
    assert len(result.conflicting) == 2000
    assert all(row.detail.endswith("and 6 more") for row in result.conflicting)
    assert max(len(row.detail) for row in result.conflicting) < 200


def test_a_photo_of_the_sources_test_set_is_kept_there_only() -> None:
    """Otherwise the model would be trained on a test image."""
    same = [checked("a", "s", 0, "train"), checked("b", "s", 0, "test"), checked("c", "s", 0)]
    for photos in itertools.permutations(same):
        result = deduplicate(photos, CLASSES)
        assert [photo.path for photo in result.photos] == ["b"]
        note = "the source also has it in train; kept in test"
        assert result.duplicates == [Duplicate("a", "s", "b", note), Duplicate("c", "s", "b", note)]


def test_different_parts_of_one_photo_are_different_images() -> None:
    left, right = Cut("p", Box(0, 0, 5, 5)), Cut("p", Box(5, 0, 9, 5))
    both = [checked("a", "s", 0, cut=left), checked("b", "t", 1, cut=right)]
    assert deduplicate(both, CLASSES).photos == both


def test_conflicting_crops_quarantine_the_whole_photo() -> None:
    cut = Cut("p" * 64, Box(0, 0, 5, 5))
    result = deduplicate([checked("a", "s", 0, cut=cut), checked("b", "s", 1, cut=cut)], CLASSES)
    assert {(row.sha256, row.key) for row in result.conflicting} == {("p" * 64, f"pp/{'p' * 64}")}

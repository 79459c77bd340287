"""Changes between versions, by content and class name."""

import hashlib
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from include.image_classification.dataset.version.changes import ClassChange, Relabelled, compare
from include.image_classification.dataset.version.manifest import Image, Version

CONTENTS = st.dictionaries(
    st.text("ab/", min_size=1, max_size=4),
    st.tuples(st.sampled_from("pqrstuv"), st.sampled_from(["cat", "dog", "bird"])),
    max_size=8,
)


def version(images: Mapping[str, tuple[str, str]]) -> Version:
    """Return a version of paths with contents and classes; each content occurs once."""
    classes = sorted({name for _, name in images.values()})
    rows, seen = [], set()
    for path, (content, name) in sorted(images.items()):
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        if sha256 not in seen:
            rows.append(Image(path, sha256, 1, 1, 1, classes.index(name), "train", sha256))
            seen.add(sha256)
    return Version(rows, classes)


@given(CONTENTS)
def test_a_version_does_not_differ_from_itself(images: Mapping[str, tuple[str, str]]) -> None:
    changes = compare(version(images), version(images))
    assert not any(changes.counts.values())
    assert not changes.classes
    assert changes.summary().endswith("no image changed")


@given(CONTENTS, CONTENTS)
def test_added_and_removed_are_symmetric(
    before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]
) -> None:
    there = compare(version(before), version(after))
    back = compare(version(after), version(before))
    assert (there.added, there.removed) == (back.removed, back.added)
    assert there.replaced == back.replaced
    assert there.new_classes == back.gone_classes
    assert len(there.relabelled) == len(back.relabelled)


@given(CONTENTS, CONTENTS)
def test_class_counts_add_up(
    before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]
) -> None:
    old, new = version(before), version(after)
    changes = compare(old, new)
    for change in changes.classes:
        assert change.after == change.before + change.added - change.removed
    grown = sum(change.after - change.before for change in changes.classes)
    assert grown == len(new.images) - len(old.images)


def test_a_renamed_image_has_not_changed_and_a_replaced_one_has() -> None:
    before = version({"1": ("p", "cat"), "2": ("q", "cat"), "3": ("r", "cat")})
    after = version({"one": ("p", "cat"), "2": ("s", "cat"), "4": ("t", "cat")})
    changes = compare(before, after)
    assert (changes.added, changes.removed, changes.replaced) == (["4"], ["3"], ["2"])


def test_a_class_is_identified_by_its_name_not_its_number() -> None:
    """A new first class changes all numbers, but relabels no image."""
    before = version({"1": ("p", "cat"), "2": ("q", "dog")})
    after = version({"0": ("r", "ant"), "1": ("p", "cat"), "2": ("q", "cat")})
    changes = compare(before, after)
    assert changes.relabelled == [Relabelled("2", "dog", "cat")]
    assert (changes.new_classes, changes.gone_classes) == (["ant"], ["dog"])
    assert changes.classes == [
        ClassChange("ant", before=0, after=1, added=1, removed=0),
        ClassChange("cat", before=1, after=2, added=1, removed=0),
        ClassChange("dog", before=1, after=0, added=0, removed=1),
    ]
    assert changes.summary() == f"since version {before.name}: 1 added, 1 relabelled"


def test_all_images_of_the_first_version_are_added() -> None:
    changes = compare(None, version({"1": ("p", "cat")}))
    assert (changes.previous, changes.added, changes.new_classes) == (None, ["1"], ["cat"])
    assert changes.summary() == "the first version"
    assert changes.as_json()["counts"]["added"] == 1

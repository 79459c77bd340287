"""Images by content: what is written, and what is taken back."""

from pathlib import Path

from include.image_classification.dataset.version.image_store import ImageStore


def test_only_new_images_are_written(tmp_path: Path) -> None:
    store = ImageStore(tmp_path, held=["aa/old.jpg"])
    store.put("aa/old.jpg", b"old")
    store.put("bb/new.jpg", b"new")
    assert [path.name for path in tmp_path.rglob("*.jpg")] == ["new.jpg"]


def test_what_is_taken_back_is_never_what_was_held_before(tmp_path: Path) -> None:
    """By hand, the folder of new images may be the folder of all."""
    ImageStore(tmp_path, held=[]).put("aa/old.jpg", b"old")
    store = ImageStore(tmp_path, held=["aa/old.jpg"])
    store.put("bb/new.jpg", b"new")
    store.discard({"aa/old.jpg", "bb/new.jpg", "cc/never.jpg"})
    assert [path.name for path in tmp_path.rglob("*.jpg")] == ["old.jpg"]

"""The image store: writing and discarding."""

from pathlib import Path

from include.image_classification.dataset.version.image_store import ImageStore


def test_only_new_images_are_written(tmp_path: Path) -> None:
    store = ImageStore(tmp_path, held=["aa/old.jpg"])
    store.put("aa/old.jpg", b"old")
    store.put("bb/new.jpg", b"new")
    assert [path.name for path in tmp_path.rglob("*.jpg")] == ["new.jpg"]


def test_discard_never_removes_earlier_files(tmp_path: Path) -> None:
    """In a manual run, the folder of new images may be the folder of all images."""
    ImageStore(tmp_path, held=[]).put("aa/old.jpg", b"old")
    store = ImageStore(tmp_path, held=["aa/old.jpg"])
    store.put("bb/new.jpg", b"new")
    store.discard({"aa/old.jpg", "bb/new.jpg", "cc/never.jpg"})
    assert [path.name for path in tmp_path.rglob("*.jpg")] == ["old.jpg"]

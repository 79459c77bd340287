"""WebP photos of a source: stored as JPEG or PNG for all later steps, beside the originals."""

import hashlib
import io
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from tests.include.image_classification.dataset.refresh_job import (
    make_previous,
    output,
    run,
    source,
    stored,
    written,
)
from tests.include.image_classification.dataset.sample_sources import photo


def webp(seed: int, **options: object) -> bytes:
    """Return a WebP of 40 x 24 smooth pixels."""
    small = np.random.default_rng(seed).integers(0, 256, (3, 5, 3), np.uint8)
    picture = PIL.Image.fromarray(cv2.resize(small, (40, 24), interpolation=cv2.INTER_CUBIC))
    file = io.BytesIO()
    picture.save(file, "WEBP", **options)
    return file.getvalue()


def pixels(data: bytes) -> np.ndarray:  # type: ignore[type-arg]
    with PIL.Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


@pytest.fixture
def photos(base: Path) -> dict[str, bytes]:
    """Write a source of JPEG and WebP photos, and return the WebP photos."""
    made = {f"cat/{n}.webp": webp(n, quality=90) for n in range(4)}
    made |= {f"dog/{n}.webp": webp(10 + n, lossless=True) for n in range(4)}
    for name, data in made.items():
        (source(base) / name).parent.mkdir(exist_ok=True)
        (source(base) / name).write_bytes(data)
    (source(base) / "cat" / "4.jpg").write_bytes(photo(1))
    return made


def test_images_are_jpeg_or_png_and_the_originals_are_kept(
    base: Path, photos: dict[str, bytes]
) -> None:
    version = written(base, run(base, layout="class_folders"))
    originals = {f"{sha[:2]}/{sha}.webp": data for data in photos.values()
                 if (sha := hashlib.sha256(data).hexdigest())}  # fmt: skip
    assert stored(base) == {image.key for image in version.images} | originals.keys()
    for key, data in originals.items():
        assert (output(base) / "images" / key).read_bytes() == data
    for image in version.images:
        data = (output(base) / "images" / image.key).read_bytes()
        assert hashlib.sha256(data).hexdigest() == image.sha256
        if image.path.endswith(".webp"):
            lossy = image.path.startswith("cat")
            assert image.key.endswith(".jpg" if lossy else ".png")
            assert image.cut is not None
            assert image.cut.photo_sha256 == hashlib.sha256(photos[image.path]).hexdigest()
            difference = np.abs(pixels(data) - pixels(photos[image.path]))
            assert difference.max() <= (12 if lossy else 0)


def test_an_unchanged_source_is_not_converted_again(
    base: Path, photos: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(base, layout="class_folders")
    make_previous(base, first)
    second = run(base, layout="class_folders")
    assert second["version"] == first["version"]
    again = run(base, "--store", "all", layout="class_folders")
    assert again["version"] == first["version"]
    assert sum(key.endswith(".webp") for key in stored(base)) == len(photos)


def test_an_animated_a_damaged_and_a_turned_webp(base: Path, photos: dict[str, bytes]) -> None:
    frames = [PIL.Image.new("RGB", (40, 24), color) for color in ("red", "blue")]
    frames[0].save(source(base) / "cat" / "moving.webp", save_all=True, append_images=frames[1:])
    (source(base) / "cat" / "cut.webp").write_bytes(photos["cat/0.webp"][:-20])
    (source(base) / "cat" / "damaged.webp").write_bytes(photos["cat/0.webp"][:40] + bytes(200))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    (source(base) / "cat" / "turned.webp").write_bytes(webp(7, quality=90, exif=exif))
    report = run(base, "--quarantine-limit", "0.5", layout="class_folders")
    folder = output(base) / "versions" / report["version"]
    refused = (folder / "quarantine.jsonl").read_text()
    assert '"reason":"animated"' in refused
    assert refused.count('"reason":"truncated"') + refused.count('"reason":"undecodable"') == 2
    (turned,) = [image for image in written(base, report).images if "turned" in image.path]
    assert (turned.width, turned.height) == (24, 40)


def test_the_same_webp_under_two_classes_leaves_no_image(
    base: Path, photos: dict[str, bytes]
) -> None:
    (source(base) / "dog" / "copy.webp").write_bytes(photos["cat/0.webp"])
    report = run(base, "--quarantine-limit", "0.5", layout="class_folders")
    assert report["counts"]["quarantined"] == 2
    digest = hashlib.sha256(photos["cat/0.webp"]).hexdigest()
    assert not any(digest in key for key in stored(base))

"""Base images are pinned by digest, and the command looks digests up and writes them."""

import json
import shutil
from pathlib import Path

import pytest

from include import pin_images
from include.pin_images import FILES, ROOT, PinError, base_images, digest_of

INDEX = "application/vnd.oci.image.index.v1+json"
DIGEST = "sha256:" + "a" * 64
NOT_PINNED = {
    "apache/airflow:3.3.2-python3.11",
    "grafana/grafana:12.1.0",
    "prom/prometheus:v3.5.0",
    "prom/statsd-exporter:v0.28.0",
}
"""Images without a digest yet; `make pin-images` looks it up where Docker is installed."""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of the files that name images."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(pin_images, "ROOT", tmp_path)
    monkeypatch.setattr(base_images, "__defaults__", (tmp_path,))
    return tmp_path


def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """Put a `docker` on the PATH that logs its arguments and then runs a script."""
    folder = tmp_path / "bin"
    folder.mkdir()
    log = tmp_path / "docker.log"
    program = folder / "docker"
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return log


def answering(media_type: str = INDEX) -> str:
    manifest = {"schemaVersion": 2, "mediaType": media_type, "digest": DIGEST, "size": 1}
    return f"echo '{json.dumps(manifest)}'"


def test_every_image_of_others_has_a_tag_and_a_digest() -> None:
    images = list(base_images())
    names = {image.tagged.partition(":")[0] for image in images}
    assert names == {
        *("apache/airflow", "python", "postgres", "redis"),
        *("grafana/grafana", "prom/prometheus", "prom/statsd-exporter"),
    }
    assert {image.reference for image in images if not image.is_pinned} <= NOT_PINNED


def test_all_images_are_pinned_again_with_the_same_tags(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [image.tagged for image in base_images()]
    log = docker(tmp_path, monkeypatch, answering())
    assert pin_images.main([]) == 0
    after = list(base_images())
    assert [image.reference for image in after] == [f"{tagged}@{DIGEST}" for tagged in before]
    asked = [line.split()[3] for line in log.read_text().splitlines()]
    assert asked == before
    assert pin_images.main(["--check"]) == 0


def test_the_check_lists_images_without_a_digest(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = checkout / "docker-compose.yaml"
    redis = next(image for image in base_images() if image.tagged.startswith("redis"))
    file.write_text(file.read_text().replace(redis.reference, "redis:7"))
    assert pin_images.main(["--check"]) == 1
    assert "docker-compose.yaml: redis:7 has no digest: make pin-images" in capsys.readouterr().out


def test_an_image_of_one_architecture_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker(tmp_path, monkeypatch, answering("application/vnd.oci.image.manifest.v1+json"))
    with pytest.raises(PinError, match=r"redis:7: .* one processor architecture"):
        digest_of("redis:7")


def test_an_error_of_the_registry_changes_no_file(
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    docker(tmp_path, monkeypatch, "echo 'not found' >&2; exit 1")
    before = {name: (checkout / name).read_text() for name in FILES}
    assert pin_images.main([]) == 1
    assert "not found" in capsys.readouterr().err
    assert {name: (checkout / name).read_text() for name in FILES} == before


def test_without_docker_the_message_names_the_requirement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PinError, match="Docker with its buildx plugin is needed"):
        digest_of("redis:7")

"""Artifacts of a training job: the model and the output data of all instances."""

from collections.abc import Callable, Sequence
from pathlib import Path

from include.local_aws.containers.archives import pack
from include.local_aws.containers.container import Container
from include.local_aws.storage.objects import Objects
from include.local_aws.store import Body


def artifact_uri(request: Body) -> str:
    """Return the URI of a job's model.tar.gz, or with CompressionType NONE the files' prefix."""
    path = request["OutputDataConfig"]["S3OutputPath"].rstrip("/")
    name = "model/" if _is_plain(request) else "model.tar.gz"
    return f"{path}/{request['TrainingJobName']}/output/{name}"


def upload(
    objects: Objects,
    request: Body,
    instances: Sequence[Container],
    check: Callable[[], None],
) -> None:
    """Store /opt/ml/model and, if it is not empty, /opt/ml/output/data.

    As on SageMaker, there is one archive for all instances. If two instances have a file of the
    same name, the last instance's file is kept. An exception of `check` ends the upload.
    """
    target = request["ModelArtifacts"]["S3ModelArtifacts"]
    folder = target.rstrip("/").rpartition("/")[0]
    _store(objects, request, [i.base / "model" for i in instances], f"{folder}/model", check)
    outputs = [i.base / "output/data" for i in instances]
    if any(map(filled, outputs)):
        _store(objects, request, outputs, f"{folder}/output", check)


def filled(folder: Path) -> bool:
    """Return whether the folder exists and is not empty."""
    return folder.is_dir() and any(folder.iterdir())


def _store(
    objects: Objects, request: Body, folders: Sequence[Path], uri: str, check: Callable[[], None]
) -> None:
    if _is_plain(request):
        for folder in folders:
            objects.upload(folder, uri, check)
        return
    archive = folders[0].parents[1] / f"{uri.rpartition('/')[2]}.tar.gz"
    pack(folders, archive)
    objects.upload_file(archive, f"{uri}.tar.gz")


def _is_plain(request: Body) -> bool:
    return bool(request["OutputDataConfig"].get("CompressionType") == "NONE")

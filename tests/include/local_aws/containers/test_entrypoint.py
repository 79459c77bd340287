"""What runs in a container: the image's entry point, the request's, or a clear failure."""

import sys
from pathlib import Path

import pytest

from include.local_aws.containers.container import Container
from include.local_aws.containers.entrypoint import command_line
from include.local_aws.errors import JobFailure
from include.local_aws.image_registry import Image
from tests.include.local_aws.local_server import BUCKET, IMAGE, LocalServer

_IMAGE = Image([sys.executable, "-m", "mine"])


def test_the_requests_entry_point_replaces_the_images(tmp_path: Path) -> None:
    """As `docker run --entrypoint` does, and so as on SageMaker."""
    container = Container(tmp_path)
    own = command_line(_IMAGE, container, {}, [], ["train"])
    assert own == [sys.executable, "-m", "mine", "train"]
    replaced = command_line(_IMAGE, container, {}, ["/bin/sh", "/opt/ml/code/run.sh"], ["1"])
    assert replaced == ["/bin/sh", f"{tmp_path}/ml/code/run.sh", "1"]


def test_a_program_is_found_by_the_containers_path_or_where_it_starts(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "own"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    path = {"PATH": str(program.parent)}
    for name in ("own", "bin/own"):
        with pytest.raises(JobFailure, match=f"entry point '{name}' does not exist"):
            command_line(Image([name]), Container(tmp_path), path, [], [])
    program.chmod(0o755)
    for name in ("own", "bin/own"):
        assert command_line(Image([name]), Container(tmp_path), path, [], []) == [name]
    with pytest.raises(JobFailure, match="entry point 'sh' does not exist"):
        command_line(Image(["sh"]), Container(tmp_path), path, [], [])


@pytest.mark.parametrize(
    ("arguments", "environment"), [(["a\0b"], {}), ([], {"A": "\0"}), ([], {"\0": "b"})]
)
def test_what_no_program_can_be_told_is_the_clients_error(
    tmp_path: Path, arguments: list[str], environment: dict[str, str]
) -> None:
    with pytest.raises(JobFailure, match=r"ClientError: CannotStartContainerError\..* zero byte"):
        command_line(_IMAGE, Container(tmp_path), environment, [], arguments)


def test_a_script_among_the_inputs_runs_as_script_processors_ask(aws: LocalServer) -> None:
    script = "import pathlib; pathlib.Path('/opt/ml/processing/output/result/x').write_text('hi')"
    script = script.replace("/opt/ml", "' + __import__('os').environ['SAGEMAKER_BASE_DIR'] + '")
    source = aws.put("script/in", run=script)
    entrypoint = [sys.executable, "/opt/ml/processing/input/source/run.txt"]
    app = {"ImageUri": IMAGE, "ContainerEntrypoint": entrypoint}
    target = f"s3://{BUCKET}/script/out"
    name = aws.process(source=source, target=target, AppSpecification=app)
    assert aws.ended("processing", name)["ProcessingJobStatus"] == "Completed"
    assert aws.get(f"{target}/x") == b"hi"


def test_an_entry_point_that_is_not_there_fails_that_job_in_sagemakers_words(
    aws: LocalServer,
) -> None:
    app = {"ImageUri": IMAGE, "ContainerEntrypoint": ["/no/such/program"]}
    source = aws.put("script/none", a="1")
    name = aws.process(source=source, target=f"s3://{BUCKET}/x", AppSpecification=app)
    reason = aws.ended("processing", name)["FailureReason"]
    assert reason.startswith("ClientError: CannotStartContainerError.")
    assert reason.endswith("its entry point '/no/such/program' does not exist")

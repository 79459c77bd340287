"""The command line of a container: the entry point of the image or the request, or an error."""

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
    """`docker run --entrypoint` and SageMaker do the same."""
    container = Container(tmp_path)
    default = command_line(_IMAGE, container, {}, [], ["train"])
    assert default == [sys.executable, "-m", "mine", "train"]
    replaced = command_line(_IMAGE, container, {}, ["/bin/sh", "/opt/ml/code/run.sh"], ["1"])
    assert replaced == ["/bin/sh", f"{tmp_path}/ml/code/run.sh", "1"]


def test_a_program_is_found_on_the_path_or_in_the_containers_directory(tmp_path: Path) -> None:
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
def test_a_zero_byte_in_arguments_or_variables_is_a_client_error(
    tmp_path: Path, arguments: list[str], environment: dict[str, str]
) -> None:
    with pytest.raises(JobFailure, match=r"ClientError: CannotStartContainerError\..* zero byte"):
        command_line(_IMAGE, Container(tmp_path), environment, [], arguments)


def test_a_script_among_the_inputs_runs_as_with_script_processors(aws: LocalServer) -> None:
    script = "import pathlib; pathlib.Path('/opt/ml/processing/output/result/x').write_text('hi')"
    script = script.replace("/opt/ml", "' + __import__('os').environ['SAGEMAKER_BASE_DIR'] + '")
    source = aws.put("script/in", run=script)
    entrypoint = [sys.executable, "/opt/ml/processing/input/source/run.txt"]
    app = {"ImageUri": IMAGE, "ContainerEntrypoint": entrypoint}
    target = f"s3://{BUCKET}/script/out"
    name = aws.process(source=source, target=target, AppSpecification=app)
    assert aws.wait_for_job("processing", name)["ProcessingJobStatus"] == "Completed"
    assert aws.get(f"{target}/x") == b"hi"


def test_a_missing_entry_point_fails_the_job_with_sagemakers_message(
    aws: LocalServer,
) -> None:
    app = {"ImageUri": IMAGE, "ContainerEntrypoint": ["/no/such/program"]}
    source = aws.put("script/none", a="1")
    name = aws.process(source=source, target=f"s3://{BUCKET}/x", AppSpecification=app)
    reason = aws.wait_for_job("processing", name)["FailureReason"]
    assert reason.startswith("ClientError: CannotStartContainerError.")
    assert reason.endswith("its entry point '/no/such/program' does not exist")

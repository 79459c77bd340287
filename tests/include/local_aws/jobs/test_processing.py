import time

import pytest
from botocore.exceptions import ClientError

from tests.include.local_aws.local_server import BUCKET, IMAGE, LocalServer
from tests.waiting import LONG

TARGET = f"s3://{BUCKET}/processed"


@pytest.mark.conformance("CreateProcessingJob")
def test_inputs_and_outputs_have_the_containers_paths(aws: LocalServer) -> None:
    source = aws.put("process/in", a="1", b="2")
    aws.s3.put_object(Bucket=BUCKET, Key="process/in/deep/er.txt", Body=b"3")
    name = aws.process(source=source, target=f"{TARGET}/all")
    job = aws.wait_for_job("processing", name)
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Completed", "copied")
    assert aws.keys(f"{TARGET}/all") == ["a.txt", "b.txt", "deep/er.txt"]
    assert aws.get(f"{TARGET}/all/deep/er.txt") == b"3"
    assert job["ProcessingStartTime"] <= job["ProcessingEndTime"]


def test_a_prefix_that_is_a_key_downloads_one_file(aws: LocalServer) -> None:
    source = aws.put("process/one", a="1", ab="2") + "/a.txt"
    aws.wait_for_job("processing", aws.process(source=source, target=f"{TARGET}/one"))
    assert aws.keys(f"{TARGET}/one") == ["a.txt"]


@pytest.mark.conformance("DescribeProcessingJob")
def test_a_failed_program_gives_its_reason_and_no_output(aws: LocalServer) -> None:
    name = aws.process("fail", source=aws.put("process/f", a="1"), target=f"{TARGET}/failed")
    job = aws.wait_for_job("processing", name)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: nothing to copy, exit code: 1"
    assert aws.keys(f"{TARGET}/failed") == []


def test_a_continuous_output_is_uploaded_while_the_program_runs_and_kept_when_it_is_stopped(
    aws: LocalServer,
) -> None:
    folder = "$SAGEMAKER_BASE_DIR/processing/output/result"
    script = f"trap 'echo end > {folder}/end; exit 1' TERM; echo 1 > {folder}/part; sleep 60 & wait"
    app = {"ImageUri": IMAGE, "ContainerEntrypoint": ["/bin/sh", "-c", script]}
    s3_output = {"S3Uri": f"{TARGET}/continuous", "LocalPath": "/opt/ml/processing/output/result"}
    output = {"OutputName": "r", "S3Output": {**s3_output, "S3UploadMode": "Continuous"}}
    name = aws.process(
        source=aws.put("process/c", a="1"),
        target=TARGET,
        AppSpecification=app,
        ProcessingOutputConfig={"Outputs": [output]},
    )
    deadline = time.monotonic() + LONG
    while aws.keys(f"{TARGET}/continuous") != ["part"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    aws.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert aws.wait_for_job("processing", name)["ProcessingJobStatus"] == "Stopped"
    assert aws.keys(f"{TARGET}/continuous") == ["end", "part"]


def test_an_empty_input_fails_with_the_url(aws: LocalServer) -> None:
    name = aws.process(source=f"s3://{BUCKET}/none", target=TARGET)
    reason = aws.wait_for_job("processing", name)["FailureReason"]
    assert reason.startswith(f'ClientError: No S3 objects found under S3 URL "s3://{BUCKET}/none"')


def test_an_object_name_that_leads_out_of_its_directory_fails_the_job(aws: LocalServer) -> None:
    manifest = f'[{{"prefix": "s3://{BUCKET}/"}}, "../../escape.txt"]'
    aws.s3.put_object(Bucket=BUCKET, Key="process/escape.manifest", Body=manifest)
    source = f"s3://{BUCKET}/process/escape.manifest"
    s3_input = {"S3Uri": source, "LocalPath": "/opt/ml/processing/input/source"}
    s3_input |= {"S3DataType": "ManifestFile", "S3InputMode": "File"}
    name = aws.process(
        source=source,
        target=TARGET,
        ProcessingInputs=[{"InputName": "source", "S3Input": s3_input}],
    )
    reason = aws.wait_for_job("processing", name)["FailureReason"]
    assert "'../../escape.txt' leads outside" in reason


@pytest.mark.conformance("StopProcessingJob")
def test_stop_ends_the_program(aws: LocalServer) -> None:
    name = aws.process("sleep", source=aws.put("process/s", a="1"), target=TARGET)
    aws.wait_for_log("processing", name, _arguments_line(aws, name))
    aws.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert aws.wait_for_job("processing", name)["ProcessingJobStatus"] == "Stopped"


@pytest.mark.conformance("CreateProcessingJob")
def test_a_path_outside_of_processing_is_refused(aws: LocalServer) -> None:
    s3_input = {"S3Uri": f"s3://{BUCKET}/x", "LocalPath": "/etc", "S3DataType": "S3Prefix"}
    with pytest.raises(ClientError, match="must start with /opt/ml/processing"):
        aws.process(
            source=TARGET,
            target=TARGET,
            ProcessingInputs=[{"InputName": "source", "S3Input": s3_input}],
        )


def _arguments_line(aws: LocalServer, name: str) -> str:
    base = aws.root / "work/processing-job" / name / "algo-1/ml/processing"
    return f"arguments sleep {base}/input/source {base}/output/result"

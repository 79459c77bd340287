"""Requests of jobs that complete, fail or run until they are stopped."""

from typing import Any

from tests.include.local_aws.local_server import BUCKET, IMAGE, ROLE, LocalServer, unique_name

KINDS = ("training", "processing", "transform")
COMPUTE = {"InstanceCount": 1, "InstanceType": "ml.m5.large"}
_BELOW = "/opt/ml/processing"


class Configs:
    """Requests for one server, by kind of job and by end: done, fail or stop."""

    def __init__(self, aws: LocalServer) -> None:
        self._aws = aws
        self._data = aws.put("clients/data", a="1")
        self._bad = aws.put("clients/bad", a="bad")
        self._model, self._slow = aws.model(), aws.model(START_DELAY="60")

    def job(self, kind: str, end: str = "done") -> dict[str, Any]:
        """Return the request of a job of this kind."""
        request: dict[str, Any] = getattr(self, f"_{kind}")(end)
        return request

    def create(self, kind: str, end: str = "done") -> str:
        """Create a job and return its name."""
        request = self.job(kind, end)
        getattr(self._aws.sagemaker, f"create_{kind}_job")(**request)
        return str(request[f"{kind.capitalize()}JobName"])

    def stop(self, kind: str, name: str) -> None:
        """Request a job to stop."""
        getattr(self._aws.sagemaker, f"stop_{kind}_job")(**{f"{kind.capitalize()}JobName": name})

    def _training(self, end: str) -> dict[str, Any]:
        hyperparameters: dict[str, Any] = {
            "fail": {"failure": "no wheels", "exit": "1"},
            "stop": {"sleep": "60"},
        }
        request: dict[str, Any] = self._aws.training_request(
            self._data, **hyperparameters.get(end, {})
        )
        return request

    def _processing(self, end: str) -> dict[str, Any]:
        mode = {"fail": "fail", "stop": "sleep"}.get(end, "copy")
        source = {"S3Uri": self._data, "LocalPath": f"{_BELOW}/input", "S3DataType": "S3Prefix"}
        target = {"S3Uri": f"s3://{BUCKET}/clients/out", "LocalPath": f"{_BELOW}/output"}
        return {
            "ProcessingJobName": unique_name("process"),
            "RoleArn": ROLE,
            "AppSpecification": {
                "ImageUri": IMAGE,
                "ContainerArguments": [mode, f"{_BELOW}/input", f"{_BELOW}/output"],
            },
            "ProcessingInputs": [
                {"InputName": "source", "S3Input": {**source, "S3InputMode": "File"}}
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {"OutputName": "result", "S3Output": {**target, "S3UploadMode": "EndOfJob"}}
                ]
            },
            "ProcessingResources": {"ClusterConfig": {**COMPUTE, "VolumeSizeInGB": 10}},
        }

    def _transform(self, end: str) -> dict[str, Any]:
        uri = self._bad if end == "fail" else self._data
        source = {"S3DataType": "S3Prefix", "S3Uri": uri}
        return {
            "TransformJobName": unique_name("transform"),
            "ModelName": self._slow if end == "stop" else self._model,
            "TransformInput": {"DataSource": {"S3DataSource": source}, "ContentType": "image/png"},
            "TransformOutput": {"S3OutputPath": f"s3://{BUCKET}/clients/transformed"},
            "TransformResources": COMPUTE,
        }

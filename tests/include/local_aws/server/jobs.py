"""Training and processing jobs of the fake image."""

import contextlib
from typing import Any

from botocore.exceptions import WaiterError

from tests.include.local_aws.server.images import IMAGE
from tests.include.local_aws.server.names import QUICK, ROLE, unique_name
from tests.include.local_aws.server.objects import BUCKET, ServerWithObjects


class ServerWithJobs(ServerWithObjects):
    """A server, with short calls for jobs."""

    def training_request(self, uri: str, seconds: int = 60, **hyperparameters: str) -> Any:
        source = {"S3DataType": "S3Prefix", "S3Uri": uri}
        return {
            "TrainingJobName": unique_name("train"),
            "RoleArn": ROLE,
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [
                    {"Name": "validation:accuracy", "Regex": "Validation-accuracy=([0-9.]+)"}
                ],
            },
            "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models"},
            "ResourceConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 10,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": seconds},
            "HyperParameters": hyperparameters,
        }

    def train(self, uri: str, seconds: int = 60, **hyperparameters: str) -> str:
        """Create a training job and return its name."""
        request = self.training_request(uri, seconds, **hyperparameters)
        self.sagemaker.create_training_job(**request)
        return str(request["TrainingJobName"])

    def process(self, *arguments: str, source: str, target: str, **request: Any) -> str:
        """Create a processing job that copies source to target, and return its name."""
        name = unique_name("process")
        below = "/opt/ml/processing"
        s3_input = {"S3Uri": source, "LocalPath": f"{below}/input/source"}
        s3_output = {"S3Uri": target, "LocalPath": f"{below}/output/result"}
        self.sagemaker.create_processing_job(
            **{
                "ProcessingJobName": name,
                "RoleArn": ROLE,
                "AppSpecification": {
                    "ImageUri": IMAGE,
                    "ContainerArguments": [
                        *(arguments or ["copy"]),
                        f"{below}/input/source",
                        f"{below}/output/result",
                    ],
                },
                "ProcessingInputs": [
                    {
                        "InputName": "source",
                        "S3Input": {**s3_input, "S3DataType": "S3Prefix", "S3InputMode": "File"},
                    }
                ],
                "ProcessingOutputConfig": {
                    "Outputs": [
                        {
                            "OutputName": "result",
                            "S3Output": {**s3_output, "S3UploadMode": "EndOfJob"},
                        }
                    ]
                },
                "ProcessingResources": {
                    "ClusterConfig": {
                        "InstanceCount": 1,
                        "InstanceType": "ml.m5.large",
                        "VolumeSizeInGB": 10,
                    }
                },
                **request,
            }
        )
        return name

    def wait_for_job(self, kind: str, name: str) -> Any:
        """Wait for a job's end with botocore's waiter and return its description.

        Args:
            kind: "training", "processing" or "transform".
            name: The name of the job.
        """
        word = kind.capitalize()
        waiter = self.sagemaker.get_waiter(f"{kind}_job_completed_or_stopped")
        describe = getattr(self.sagemaker, f"describe_{kind}_job")
        # The waiter raises an error for Failed; the caller checks the description.
        with contextlib.suppress(WaiterError):
            waiter.wait(**{f"{word}JobName": name}, WaiterConfig=QUICK)
        found = describe(**{f"{word}JobName": name})
        assert found[f"{word}JobStatus"] in ("Completed", "Stopped", "Failed")
        return found

"""The SageMaker SDK 3.x against the local AWS: ModelTrainer, and sagemaker-core's resources.

Run by `python -m tests.clients` in its own environment; it exits with 0 or prints a traceback.
"""

import json
import os
import time

import boto3
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.resources import (
    Endpoint,
    EndpointConfig,
    Model,
    ProcessingJob,
    TrainingJob,
    TransformJob,
)
from sagemaker.core.shapes import (
    ContainerDefinition,
    ProductionVariant,
    TransformDataSource,
    TransformInput,
    TransformOutput,
    TransformResources,
    TransformS3DataSource,
)
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig
from sagemaker.train import ModelTrainer

IMAGE, ROLE, BUCKET = (os.environ[name] for name in ("IMAGE", "ROLE", "BUCKET"))
NAME = f"sdk3-{time.time_ns()}"


def main() -> None:
    """Run the steps of a user's notebook."""
    assert Session().default_bucket() == "sagemaker-us-east-1-123456789012"
    session = Session(default_bucket=BUCKET)
    boto3.client("s3").put_object(Bucket=BUCKET, Key="sdk3/data/a.txt", Body=b"1")
    trainer = ModelTrainer(
        training_image=IMAGE,
        role=ROLE,
        sagemaker_session=session,
        base_job_name="sdk3",
        compute=Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=10),
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{BUCKET}/sdk3/models"),
        hyperparameters={"epochs": 2},
    )
    channel = InputData(channel_name="train", data_source=f"s3://{BUCKET}/sdk3/data")
    trainer.train(input_data_config=[channel], wait=True, logs=True)
    job = trainer._latest_training_job
    job.refresh()
    assert job.training_job_status == "Completed", job
    name = job.training_job_name
    found = TrainingJob.get_all(name_contains=name, status_equals="Completed")
    assert [job.training_job_name for job in found] == [name]
    assert not list(ProcessingJob.get_all(name_contains=name))
    model = _model(job.model_artifacts.s3_model_artifacts)
    _endpoint()
    _transform()
    model.delete()


def _model(artifacts: str) -> Model:
    container = ContainerDefinition(image=IMAGE, model_data_url=artifacts)
    return Model.create(model_name=NAME, primary_container=container, execution_role_arn=ROLE)


def _endpoint() -> None:
    variant = ProductionVariant(
        variant_name="all", model_name=NAME, initial_instance_count=1, instance_type="ml.m5.large"
    )
    config = EndpointConfig.create(endpoint_config_name=NAME, production_variants=[variant])
    endpoint = Endpoint.create(endpoint_name=NAME, endpoint_config_name=NAME)
    endpoint.wait_for_status("InService", poll=1)
    answer = json.loads(endpoint.invoke(body=b"four", content_type="image/jpeg").body.read())
    assert (answer["length"], answer["model"]) == (4, "trained"), answer
    endpoint.delete()
    endpoint.wait_for_delete(poll=1)
    config.delete()


def _transform() -> None:
    source = TransformS3DataSource(s3_data_type="S3Prefix", s3_uri=f"s3://{BUCKET}/sdk3/data")
    job = TransformJob.create(
        transform_job_name=NAME,
        model_name=NAME,
        transform_input=TransformInput(data_source=TransformDataSource(s3_data_source=source)),
        transform_output=TransformOutput(s3_output_path=f"s3://{BUCKET}/sdk3/transformed"),
        transform_resources=TransformResources(instance_type="ml.m5.large", instance_count=1),
    )
    job.wait(poll=1)
    answer = boto3.client("s3").get_object(Bucket=BUCKET, Key="sdk3/transformed/a.txt.out")
    assert json.loads(answer["Body"].read())["batch"] == "true"


if __name__ == "__main__":
    main()

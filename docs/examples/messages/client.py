"""Train a message classifier, deploy it, send requests and clean up, in plain boto3.

`python client.py` reads the address and keys of AWS from the environment. MESSAGES_IMAGE is the
image URI (default: `messages:1`), MESSAGES_BUCKET an existing bucket (default: `messages`, which
is created if it is missing).
"""

import json
import os
import time

import boto3

IMAGE = os.environ.get("MESSAGES_IMAGE", "messages:1")
ROLE = os.environ.get("SAGEMAKER_ROLE_ARN", "arn:aws:iam::123456789012:role/sagemaker")
MESSAGES = """\
win a free prize now\tjunk
cheap pills free offer\tjunk
claim your prize money now\tjunk
see you at lunch tomorrow\tfine
the meeting is moved to noon\tfine
thanks for the notes from the meeting\tfine
"""
RESOURCES = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}
WAITER_CONFIG = {"Delay": 1, "MaxAttempts": 600}


def main() -> None:
    """Train and deploy with a new name, print the labels of two messages, and clean up."""
    name = f"messages-{int(time.time() * 1000)}"
    model = train(name)
    try:
        deploy(name, model)
        for text in ("a free prize for you", "notes from lunch"):
            answer = boto3.client("sagemaker-runtime").invoke_endpoint(
                EndpointName=name, Body=text.encode(), ContentType="text/plain"
            )
            print(f"{text}: {json.loads(answer['Body'].read())['label']}")
    finally:
        clean_up(name)


def train(name: str) -> str:
    """Train on MESSAGES; return the S3 URI of the model."""
    bucket, s3, sagemaker = find_or_create_bucket(), boto3.client("s3"), boto3.client("sagemaker")
    s3.put_object(Bucket=bucket, Key=f"{name}/train.tsv", Body=MESSAGES.encode())
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{name}/"}
    sagemaker.create_training_job(
        TrainingJobName=name,
        RoleArn=ROLE,
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        InputDataConfig=[{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
        OutputDataConfig={"S3OutputPath": f"s3://{bucket}/models"},
        ResourceConfig=RESOURCES,
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName=name, WaiterConfig=WAITER_CONFIG)
    job = sagemaker.describe_training_job(TrainingJobName=name)
    return str(job["ModelArtifacts"]["S3ModelArtifacts"])


def find_or_create_bucket() -> str:
    """Return the name of the bucket; create it unless MESSAGES_BUCKET names one."""
    if given := os.environ.get("MESSAGES_BUCKET"):
        return given
    s3 = boto3.client("s3")
    if "messages" not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket="messages")
    return "messages"


def deploy(name: str, model: str) -> None:
    """Create an endpoint for the model, and wait until it is in service."""
    sagemaker = boto3.client("sagemaker")
    sagemaker.create_model(
        ModelName=name,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": model},
        ExecutionRoleArn=ROLE,
    )
    variant = {"VariantName": "all", "ModelName": name, "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[{**variant, "InstanceType": RESOURCES["InstanceType"]}],
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    waiter = sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=name, WaiterConfig=WAITER_CONFIG)


def clean_up(name: str) -> None:
    """Delete the endpoint, its configuration and the model."""
    sagemaker = boto3.client("sagemaker")
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
    sagemaker.delete_model(ModelName=name)


if __name__ == "__main__":
    main()

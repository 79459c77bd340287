"""Train on messages, serve the model, ask it, clean up: plain boto3, the same calls as on AWS.

`python client.py` takes AWS's address and keys from the environment; the image is `messages:1`
unless MESSAGES_IMAGE says otherwise. The bucket is made if it is missing, unless MESSAGES_BUCKET
names one that is there.
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
QUICK = {"Delay": 1, "MaxAttempts": 600}


def main() -> None:
    """Run it all under a new name, and print what the endpoint says of a new message."""
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
    """Train on MESSAGES, and return where the model is."""
    bucket, s3, sagemaker = bucket_of_messages(), boto3.client("s3"), boto3.client("sagemaker")
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
    waiter.wait(TrainingJobName=name, WaiterConfig=QUICK)
    job = sagemaker.describe_training_job(TrainingJobName=name)
    return str(job["ModelArtifacts"]["S3ModelArtifacts"])


def bucket_of_messages() -> str:
    """Return the name of the bucket to use, which exists afterwards."""
    if given := os.environ.get("MESSAGES_BUCKET"):
        return given
    s3 = boto3.client("s3")
    if "messages" not in [each["Name"] for each in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket="messages")
    return "messages"


def deploy(name: str, model: str) -> None:
    """Put the model behind an endpoint, and wait until it answers."""
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
    waiter.wait(EndpointName=name, WaiterConfig=QUICK)


def clean_up(name: str) -> None:
    """Delete endpoint, configuration and model."""
    sagemaker = boto3.client("sagemaker")
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
    sagemaker.delete_model(ModelName=name)


if __name__ == "__main__":
    main()

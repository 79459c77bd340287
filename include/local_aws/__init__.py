"""AWS on one machine: S3, and a SageMaker whose jobs and endpoints really run.

`python -m include.local_aws --root DIR --port N --images FILE` serves, on one loopback port,
SageMaker, its runtime and its logs (our own server, validated against botocore's service
model), and STS, CloudWatch, SNS and the other logs (moto). S3 is SeaweedFS, a child process
with its data in DIR, behind the port in `AWS_ENDPOINT_URL_S3`.
"""

"""Models and endpoints of the fake image."""

import json
import time
from typing import Any

from include.local_aws.endpoints.manager import IN_PROGRESS
from tests.include.local_aws.server.images import IMAGE
from tests.include.local_aws.server.jobs import ServerWithJobs
from tests.include.local_aws.server.names import QUICK, ROLE, unique_name
from tests.include.local_aws.server.objects import BUCKET


class ServerWithEndpoints(ServerWithJobs):
    """A server, with short calls for models and endpoints."""

    def model(self, **environment: str) -> str:
        """Create a model of the fake image and return its name."""
        name = unique_name("model")
        container = {"Image": IMAGE, "ModelDataUrl": self.artifact(), "Environment": environment}
        self.sagemaker.create_model(
            ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE
        )
        return name

    def artifact(self) -> str:
        """Return the URI of a model.tar.gz, which the first call trains."""
        uri = f"s3://{BUCKET}/model.tar.gz"
        if not self.keys(uri):
            name = self.train(self.put("artifact", a="1"))
            trained = self.wait_for_job("training", name)["ModelArtifacts"]["S3ModelArtifacts"]
            self.s3.put_object(Bucket=BUCKET, Key="model.tar.gz", Body=self.get(trained))
        return uri

    def config(self, model: str, count: int = 1) -> str:
        """Create an endpoint configuration of one variant and return its name."""
        name = unique_name("config")
        variant = {"VariantName": "all", "ModelName": model, "InitialInstanceCount": count}
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[{**variant, "InstanceType": "ml.m5.large"}],
        )
        return name

    def endpoint(self, config: str) -> str:
        """Create an endpoint, wait until it is in service, and return its name."""
        name = unique_name("endpoint")
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        self.sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=QUICK)
        return name

    def wait_for_endpoint(self, name: str) -> Any:
        """Wait until no change is in progress and return the endpoint's description."""
        while True:
            found = self.sagemaker.describe_endpoint(EndpointName=name)
            if found["EndpointStatus"] not in IN_PROGRESS:
                return found
            time.sleep(0.05)

    def invoke(self, endpoint: str, body: bytes, **request: Any) -> Any:
        answer = self.runtime.invoke_endpoint(
            **{"EndpointName": endpoint, "Body": body, "ContentType": "image/jpeg", **request}
        )
        return json.loads(answer["Body"].read())

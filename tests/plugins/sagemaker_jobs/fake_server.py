"""A fake of SageMaker and CloudWatch Logs as an HTTP server, for tests that run Airflow."""

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

POLLS = 3  # A job ends after so many descriptions; a duration would make the tests a race.


class FakeSageMaker:
    """Has training jobs that run for some polls; the first one fails for lack of capacity."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.calls: Counter[str] = Counter()

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one call.

        Raises:
            LookupError: There is no such job.
        """
        self.calls[operation] += 1
        answer: dict[str, Any] = getattr(self, f"_{operation}")(request)
        return answer

    def _CreateTrainingJob(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["TrainingJobName"]
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{name}"
        first = not self.jobs
        self.jobs[name] = {
            **request,
            "arn": arn,
            "created": time.time(),
            "polls": 0,
            "fails": first,
        }
        return {"TrainingJobArn": arn}

    def _DescribeTrainingJob(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["TrainingJobName"] not in self.jobs:
            raise LookupError("Requested resource not found")
        job = self.jobs[request["TrainingJobName"]]
        job["polls"] += 1
        description = {
            "TrainingJobName": job["TrainingJobName"],
            "TrainingJobArn": job["arn"],
            "TrainingJobStatus": "InProgress",
            "SecondaryStatus": "Training",
            "ModelArtifacts": {"S3ModelArtifacts": "s3://bucket/model.tar.gz"},
            "StoppingCondition": {},
            "InputDataConfig": job.get("InputDataConfig", []),
            "CreationTime": job["created"],
        }
        if job["polls"] > POLLS:
            description |= {"TrainingJobStatus": "Completed", "SecondaryStatus": "Completed"}
            if job["fails"]:
                description |= {
                    "TrainingJobStatus": "Failed",
                    "FailureReason": "CapacityError: Unable to provision requested ML capacity.",
                }
        return description

    def _ListTags(self, request: dict[str, Any]) -> dict[str, Any]:
        return {
            "Tags": next(
                job["Tags"] for job in self.jobs.values() if job["arn"] == request["ResourceArn"]
            )
        }

    def _DescribeLogStreams(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"logStreams": [{"logStreamName": f"{request['logStreamNamePrefix']}algo-1-1"}]}

    def _GetLogEvents(self, request: dict[str, Any]) -> dict[str, Any]:
        new = "nextToken" not in request
        events = [{"timestamp": 1, "message": "Epoch[0] Train-accuracy=0.5"}] if new else []
        return {"events": events, "nextForwardToken": "end", "nextBackwardToken": "start"}


def serve(fake: FakeSageMaker) -> ThreadingHTTPServer:
    """Serve on a free port of the loopback interface, until the server is shut down."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                operation = self.headers["X-Amz-Target"].split(".")[-1]
                status, answer = 200, fake.answer(operation, request)
            except LookupError as error:
                status = 400
                answer = {"__type": "ValidationException", "message": str(error)}
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *line: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

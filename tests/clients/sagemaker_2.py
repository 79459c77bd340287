"""The SageMaker SDK 2.x against the local AWS: train, deploy, predict, transform, delete.

Run by `python -m tests.clients` in its own environment; it exits with 0 or prints a traceback.
"""

import json
import os
import tempfile
from pathlib import Path

from sagemaker.deserializers import JSONDeserializer
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.model import Model
from sagemaker.predictor import Predictor
from sagemaker.serializers import IdentitySerializer
from sagemaker.session import Session

IMAGE, ROLE, BUCKET = (os.environ[name] for name in ("IMAGE", "ROLE", "BUCKET"))


def main() -> None:
    """Run the steps of a user's notebook."""
    assert Session().default_bucket() == "sagemaker-us-east-1-123456789012"
    session = Session(default_bucket=BUCKET)
    data = session.upload_string_as_file_body("1", BUCKET, "sdk2/data/a.txt")
    estimator = Estimator(
        image_uri=IMAGE,
        role=ROLE,
        instance_count=1,
        instance_type="ml.m5.large",
        output_path=f"s3://{BUCKET}/sdk2/models",
        sagemaker_session=session,
        hyperparameters={"epochs": 2},
        metric_definitions=[{"Name": "accuracy", "Regex": "Validation-accuracy=([0-9.]+)"}],
        disable_profiler=True,
    )
    _script_mode(session)
    estimator.fit({"train": TrainingInput(data.rpartition("/")[0])}, logs="All")
    described = session.describe_training_job(estimator.latest_training_job.name)
    assert described["FinalMetricDataList"][0]["MetricName"] == "accuracy", described
    attached = Estimator.attach(estimator.latest_training_job.name, sagemaker_session=session)
    assert attached.model_data == estimator.model_data
    _deploy(estimator, session)
    _transform(estimator, session, data)


def _script_mode(session: Session) -> None:
    """Train with a user's script, which the SDK uploads with KMS encryption, and its profiler."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "train.py")
        script.write_text("print('trained')")
        estimator = Estimator(
            image_uri=IMAGE,
            role=ROLE,
            instance_count=1,
            instance_type="ml.m5.large",
            output_path=f"s3://{BUCKET}/sdk2/scripts",
            sagemaker_session=session,
            entry_point=str(script),
        )
        estimator.fit(logs=False)
    described = session.describe_training_job(estimator.latest_training_job.name)
    place = json.loads(described["HyperParameters"]["sagemaker_submit_directory"])
    bucket, _, key = place.removeprefix("s3://").partition("/")
    found = session.boto_session.client("s3").head_object(Bucket=bucket, Key=key)
    assert found["ServerSideEncryption"], found


def _deploy(estimator: Estimator, session: Session) -> None:
    model = Model(
        IMAGE, estimator.model_data, ROLE, sagemaker_session=session, env={"VERSION": "2"}
    )
    model.predictor_cls = Predictor
    predictor = model.deploy(initial_instance_count=1, instance_type="ml.m5.large")
    predictor.serializer = IdentitySerializer("image/jpeg")
    predictor.deserializer = JSONDeserializer()
    answer = predictor.predict(b"four")
    assert (answer["length"], answer["version"], answer["type"]) == (4, "2", "image/jpeg"), answer
    predictor.update_endpoint(initial_instance_count=2, instance_type="ml.m5.large", wait=True)
    assert predictor.predict(b"12345")["length"] == 5
    predictor.delete_model()
    predictor.delete_endpoint(delete_endpoint_config=True)
    _gone(session, predictor.endpoint_name)


def _gone(session: Session, name: str) -> None:
    waiter = session.sagemaker_client.get_waiter("endpoint_deleted")
    waiter.wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def _transform(estimator: Estimator, session: Session, data: str) -> None:
    output = f"s3://{BUCKET}/sdk2/transformed"
    transformer = estimator.transformer(1, "ml.m5.large", output_path=output)
    transformer.transform(data, content_type="image/png", wait=True, logs=True)
    answer = session.read_s3_file(BUCKET, "sdk2/transformed/a.txt.out")
    assert json.loads(answer)["batch"] == "true", answer
    transformer.delete_model()


if __name__ == "__main__":
    main()

"""The im2rec job: inputs, instances and outputs."""

from include import sagemaker_requests as make
from include.config import Deployment, Pipeline


def test_several_instances_share_the_images_and_write_separate_files(
    cars: Pipeline, deployment: Deployment
) -> None:
    def converted(count: int) -> tuple[int, dict[str, str], set[str]]:
        conversion = cars.conversion.model_copy(update={"instance_count": count})
        pipeline = cars.model_copy(update={"conversion": conversion})
        config = make.im2rec_request(pipeline, deployment, "1" * 16)["config"]
        inputs = {
            entry["InputName"]: entry["S3Input"]["S3DataDistributionType"]
            for entry in config["ProcessingInputs"]
        }
        outputs = config["ProcessingOutputConfig"]["Outputs"]
        uris = {entry["S3Output"]["S3Uri"] for entry in outputs}
        return config["ProcessingResources"]["ClusterConfig"]["InstanceCount"], inputs, uris

    count, inputs, single = converted(1)
    assert (count, set(inputs.values())) == (1, {"FullyReplicated"})
    count, inputs, several = converted(3)
    assert count == 3
    assert inputs == {"version": "FullyReplicated", "images": "ShardedByS3Key"}
    folder = min(
        single, key=len
    )  # the version's folder, whose name does not depend on the instances
    assert min(several, key=len) == f"{folder}/of-3"
    assert single.isdisjoint(several)


def test_only_the_images_of_the_manifest_are_downloaded(
    cars: Pipeline, deployment: Deployment
) -> None:
    config = make.im2rec_request(cars, deployment, "1" * 16)["config"]
    (source,) = (e for e in config["ProcessingInputs"] if e["InputName"] == "images")
    assert source["S3Input"]["S3DataType"] == "ManifestFile"
    prefix = "s3://some-bucket/stanford_cars/dataset/versions/"
    assert source["S3Input"]["S3Uri"] == f"{prefix}{'1' * 16}/conversion.manifest"


def test_an_earlier_conversion_is_an_input_of_the_next(
    cars: Pipeline, deployment: Deployment
) -> None:
    config = make.im2rec_request(cars, deployment, "1" * 16, "cars/recordio/r0/")["config"]
    uris = {e["InputName"]: e["S3Input"]["S3Uri"] for e in config["ProcessingInputs"]}
    assert uris["previous"] == "s3://some-bucket/cars/recordio/r0/"

"""docs/iam/jobs.json and endpoint.json allow exactly what a pipeline's requests need."""

from dataclasses import replace

import pytest

from include.config import Deployment, Pipeline, find_pipeline
from include.iam_policies import LARGEST, TEMPLATES, main, size
from include.sagemaker_requests import dry_run_requests
from include.storage.layout import Layout
from tests.iam.evaluator import Right
from tests.iam.judging import filled, missing, unused
from tests.iam.needed import ACCOUNT, Call
from tests.iam.on_behalf import Rights, RolePermissions

BUCKET = "some-bucket"
ROLES = "arn:aws:iam::123456789012:role"
DEPLOYMENT = Deployment(
    name="testing",
    bucket=BUCKET,
    role_arn=f"{ROLES}/jobs",
    image_uri="123456789012.dkr.ecr.us-east-1.amazonaws.com/image-classification:1",
    region="us-east-1",
    endpoint_role_arn=f"{ROLES}/endpoint",
)


@pytest.fixture
def cars() -> Pipeline:
    """A pipeline with the custom image and an alarm that rolls endpoint updates back."""
    found = find_pipeline("stanford_cars", "local")
    return found.model_copy(
        update={"endpoint": found.endpoint.model_copy(update={"rollback_alarms": ["errors"]})}
    )


def rights(pipeline: Pipeline, deployment: Deployment = DEPLOYMENT) -> Rights:
    layout = Layout(BUCKET, pipeline.name)

    def prefix_of(manifest: str) -> str:
        folder = layout.incoming if "/batches/" in manifest else layout.images
        return layout.uri(folder)

    calls = [
        Call("sagemaker", request.operation, request.request)
        for request in dry_run_requests(pipeline, deployment)
    ]
    return RolePermissions(calls, prefix_of).rights()


def test_each_role_has_exactly_the_permissions_that_its_requests_need(cars: Pipeline) -> None:
    found, allowed = rights(cars), filled(BUCKET, cars.name)
    for role in ("jobs", "endpoint"):
        needed = found[f"{ROLES}/{role}"]
        assert missing(allowed[role], needed) == [], role
        assert unused(allowed[role], needed) == [], role


def test_the_built_in_algorithm_needs_its_image_and_nothing_else() -> None:
    cars = find_pipeline("stanford_cars")
    found, allowed = rights(cars), filled(BUCKET, cars.name)
    for role in ("jobs", "endpoint"):
        assert missing(allowed[role], found[f"{ROLES}/{role}"]) == [], role
        pulled = [r.resource for r in found[f"{ROLES}/{role}"] if r.action == "ecr:BatchGetImage"]
        assert any(ACCOUNT not in resource for resource in pulled), role


def test_a_custom_repository_of_any_name_can_be_pulled_like_the_built_in_image() -> None:
    cars = find_pipeline("stanford_cars", "local")
    image = DEPLOYMENT.image_uri.replace("image-classification", "photos")
    found = rights(cars, replace(DEPLOYMENT, image_uri=image))
    built_in = rights(find_pipeline("stanford_cars"), replace(DEPLOYMENT, image_uri=image))
    allowed = filled(BUCKET, cars.name, REPOSITORY="photos")
    for role in ("jobs", "endpoint"):
        needed = found[f"{ROLES}/{role}"] | built_in[f"{ROLES}/{role}"]
        assert missing(allowed[role], needed) == [], role
        assert not [grant for grant in unused(allowed[role], needed) if "ecr:" in grant], role


def test_an_installation_without_an_endpoint_role_serves_under_the_jobs_role(
    cars: Pipeline,
) -> None:
    """docs/aws.md gives both policies to the role of jobs in this case."""
    found = rights(cars, replace(DEPLOYMENT, endpoint_role_arn=""))
    assert set(found) == {f"{ROLES}/jobs"}
    needed, allowed = found[f"{ROLES}/jobs"], filled(BUCKET, cars.name)
    both = {"Statement": [*allowed["jobs"]["Statement"], *allowed["endpoint"]["Statement"]]}
    assert missing(both, needed) == []
    assert unused(both, needed) == []
    alarms, logs = "cloudwatch:DescribeAlarms on ", "/aws/sagemaker/Endpoints/"
    assert all(alarms in right or logs in right for right in missing(allowed["jobs"], needed))
    assert size(allowed["jobs"]) + size(allowed["endpoint"]) <= LARGEST["jobs"]


def test_the_endpoint_reads_models_and_writes_nothing() -> None:
    endpoint = filled(BUCKET, "cars")["endpoint"]
    bucket = f"arn:aws:s3:::{BUCKET}"
    denied = [
        Right("s3:GetObject", f"{bucket}/cars/source/train.tgz"),
        Right("s3:GetObject", f"{bucket}/others/models/m.tar.gz"),
        Right("s3:PutObject", f"{bucket}/cars/models/m.tar.gz"),
        Right("s3:ListBucket", bucket, (("s3:prefix", "cars/incoming/"),)),
        Right("s3:ListBucket", bucket),
    ]
    assert len(missing(endpoint, denied)) == len(denied)
    read = Right("s3:GetObject", f"{bucket}/cars/models/j/output/model.tar.gz")
    assert missing(endpoint, [read]) == []


def test_jobs_overwrite_no_pointers_and_delete_only_unfinished_downloads() -> None:
    jobs = filled(BUCKET, "cars")["jobs"]
    folder = f"arn:aws:s3:::{BUCKET}/cars"
    keys = ("incoming/x", "truth/x", "releases/1/release.json", "dataset/current.json")
    denied = [Right("s3:PutObject", f"{folder}/{key}") for key in keys]
    denied += [Right("s3:DeleteObject", f"{folder}/{key}") for key in ("models/x", "source/x")]
    assert len(missing(jobs, denied)) == len(denied)


def test_only_sagemaker_in_this_account_assumes_the_roles() -> None:
    (statement,) = filled(BUCKET, "cars")["trust"]["Statement"]
    assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_no_placeholder_is_left_and_each_pipeline_has_separate_resources() -> None:
    found = filled(BUCKET, "cars", "some_birds")
    text = str(found)
    words = ("ACCOUNT", "REGION", "BUCKET", "PIPELINE", "SLUG", "ROLE", "REPOSITORY", "TOPIC")
    assert not [word for word in words if word in text]
    statements = {statement["Sid"]: statement for statement in found["airflow"]["Statement"]}
    assert statements["TrainingJobs"]["Resource"] == [
        "arn:aws:sagemaker:us-east-1:123456789012:training-job/cars-*",
        "arn:aws:sagemaker:us-east-1:123456789012:training-job/some-birds-*",
    ]
    assert all(size(policy) <= LARGEST[name] for name, policy in found.items())


def test_the_command_writes_all_policies(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("policies")
    words = ("--account", "123456789012", "--region", "us-east-1", "--bucket", BUCKET)
    main([str(folder), *words, "--job-role", "jobs", "--endpoint-role", "endpoint"])
    names = {file.name for file in TEMPLATES.glob("*.json")}
    assert {file.name for file in folder.iterdir()} == names
    assert "sns:Publish" not in (folder / "airflow.json").read_text()

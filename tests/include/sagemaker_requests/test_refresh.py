"""The refresh job: inputs, flags and outputs."""

from include import sagemaker_requests as make
from include.config import Deployment, Pipeline
from include.config.sections.source import Source
from include.image_classification.dataset.settings import parse_settings


def test_the_first_refresh_has_no_previous_version(cars: Pipeline, deployment: Deployment) -> None:
    def inputs(previous: str | None, ledger: str | None = None) -> dict[str, str]:
        config = make.refresh_request(cars, deployment, previous, "f", ledger_job=ledger)["config"]
        given = config["ProcessingInputs"]
        return {entry["InputName"]: entry["S3Input"]["S3Uri"] for entry in given}

    assert list(inputs(None)) == ["source"]
    assert list(inputs("1" * 16)) == ["source", "previous"]
    ledger = inputs("1" * 16, "job-1")["ledger"]
    assert ledger.endswith("/dataset/ledgers/job-1/")


def test_devkit_and_classes_are_flags(cars: Pipeline, deployment: Deployment) -> None:
    """A name may contain a comma; the command separates names and numbers at commas."""
    source = Source.model_validate(
        {
            "layout": "stanford_cars",
            "devkit": "kits/car_devkit.tgz",
            "classes": ["Sedan, red", 3, " SUV "],
        }
    )
    chosen = cars.model_copy(update={"source": source})
    config = make.refresh_request(chosen, deployment, None, "f")["config"]
    arguments = config["AppSpecification"]["ContainerArguments"]
    flags = dict(zip(arguments[1::2], arguments[2::2], strict=False))
    assert flags["--devkit"] == "kits/car_devkit.tgz"
    assert flags["--classes"] == '"Sedan, red",3,SUV'
    assert (
        "--devkit"
        not in make.refresh_request(cars, deployment, None, "f")["config"]["AppSpecification"][
            "ContainerArguments"
        ]
    )


def test_label_files_and_columns_are_flags(cars: Pipeline, deployment: Deployment) -> None:
    """Names may contain commas; the command reads the flags back."""
    source = Source.model_validate(
        {"label_files": "a, b/train.csv", "columns": {"file": "photo, id", "label": 3}}
    )
    chosen = cars.model_copy(update={"source": source})
    config = make.refresh_request(chosen, deployment, None, "f")["config"]
    settings = parse_settings(config["AppSpecification"]["ContainerArguments"][1:])
    assert settings.layout == "auto"
    assert settings.label_options.files == ("a, b/train.csv",)
    assert settings.label_options.columns == {"file": "photo, id", "label": "3"}
    assert settings.recorded()["columns"] == {"file": "photo, id", "label": "3"}


def test_source_uri_is_read_as_a_folder(cars: Pipeline, deployment: Deployment) -> None:
    source = cars.source.model_copy(update={"uri": "s3://their-bucket/cars"})
    elsewhere = cars.model_copy(update={"source": source})
    config = make.refresh_request(elsewhere, deployment, None, "f")["config"]
    assert config["ProcessingInputs"][0]["S3Input"]["S3Uri"] == "s3://their-bucket/cars/"


def test_dataset_settings_are_flags(cars: Pipeline, deployment: Deployment) -> None:
    update = {"split": "source", "boxes": "crop", "box_margin": 0.1}
    cut = cars.model_copy(update={"dataset": cars.dataset.model_copy(update=update)})
    for store_all in (False, True):
        config = make.refresh_request(cut, deployment, "1" * 16, "f", store_all)["config"]
        arguments = config["AppSpecification"]["ContainerArguments"]
        flags = dict(zip(arguments[1::2], arguments[2::2], strict=True))
        assert (flags["--split"], flags["--boxes"], flags["--box-margin"]) == (
            "source", "crop", "0.1",
        )  # fmt: skip
        assert flags.get("--store") == ("all" if store_all else None)
        assert parse_settings(arguments[1:]).rules.margin == 0.1


def test_quarantined_photos_are_an_output(cars: Pipeline, deployment: Deployment) -> None:
    config = make.refresh_request(cars, deployment, None, "f")["config"]
    outputs = {
        output["OutputName"]: output["S3Output"]["S3Uri"]
        for output in config["ProcessingOutputConfig"]["Outputs"]
    }
    assert outputs["quarantine"].endswith("/stanford_cars/dataset/quarantine")


def test_labels_are_inputs_with_a_manifest_of_their_photos(
    cars: Pipeline, deployment: Deployment
) -> None:
    given = make.LabelInputs("cars/labels/", "cars/plans/1/", "cars/plans/1/photos.manifest")
    config = make.refresh_request(cars, deployment, None, "f", labels=given)["config"]
    inputs = {entry["InputName"]: entry["S3Input"] for entry in config["ProcessingInputs"]}
    assert {name: entry["S3Uri"] for name, entry in inputs.items() if name != "source"} == {
        "labels": "s3://some-bucket/cars/labels/",
        "label_plan": "s3://some-bucket/cars/plans/1/",
        "labelled": "s3://some-bucket/cars/plans/1/photos.manifest",
    }
    assert inputs["labelled"]["S3DataType"] == "ManifestFile"
    arguments = config["AppSpecification"]["ContainerArguments"]
    settings = parse_settings(arguments[1:])
    assert settings.labels_uri == "s3://some-bucket/stanford_cars/labels/"
    assert settings.new_classes is False

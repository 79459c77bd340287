"""The selection of classes, splits in names, and ignored files."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from include.config.sections.source import Source
from include.contracts.limits import MAX_ARGUMENT_LENGTH
from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.member import Member
from include.image_classification.dataset.source import contract as source

NAMES = ["Audi A5 2012", "BMW M3", "Citroën C4", "Dodge Ram"]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (None, NAMES),
        ("2", NAMES[:2]),
        ("99", NAMES),
        ("4,1", ["Audi A5 2012", "Dodge Ram"]),
        ("Citroën C4, BMW M3", ["BMW M3", "Citroën C4"]),
        ("Dodge Ram,1,", ["Audi A5 2012", "Dodge Ram"]),
    ],
)
def test_classes_are_chosen_in_label_order(wanted: str | None, chosen: list[str]) -> None:
    assert source.choose_classes(NAMES, wanted) == chosen


@pytest.mark.parametrize("wanted", ["Trabant,1", "0,1", "5,1"])
def test_a_missing_class_is_named(wanted: str) -> None:
    with pytest.raises(CommandError, match=f"'{wanted[:-2]}'"):
        source.choose_classes(NAMES, wanted)


@pytest.mark.parametrize("wanted", ["1", "0", "BMW M3"])
def test_one_class_is_too_few(wanted: str) -> None:
    with pytest.raises(CommandError, match="at least two classes"):
        source.choose_classes(NAMES, wanted)


COMMAS = ["Sedan, red", "Sedan, blue", " SUV ", "2"]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ('"Sedan, red",2', ["Sedan, red", "2"]),
        (' "Sedan, blue" , SUV', ["Sedan, blue", " SUV "]),
        ("3,1", ["Sedan, red", " SUV "]),
        ("2,4", None),
    ],
)
def test_names_may_contain_commas_and_spaces_and_take_precedence_over_numbers(
    wanted: str, chosen: list[str] | None
) -> None:
    if chosen:
        assert source.choose_classes(COMMAS, wanted) == chosen
    else:
        with pytest.raises(CommandError, match="but only '2' is selected"):
            source.choose_classes(COMMAS, wanted)


CLASS_NAMES = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1)
    .map(str.strip)
    .filter(bool),
    min_size=2,
    unique=True,
)


@given(CLASS_NAMES, st.data())
@settings(deadline=None)
def test_any_class_names_of_a_pipeline_reach_the_command(
    names: list[str], data: st.DataObject
) -> None:
    """The YAML's list becomes one flag, with commas, quotes and numbers."""
    wanted = data.draw(st.lists(st.sampled_from(names), min_size=2, unique=True))
    # A list that is too long for a job's argument is refused, with a shorter alternative.
    argument = Source.model_construct(classes=wanted).classes_argument
    assume(argument is not None and len(argument) <= MAX_ARGUMENT_LENGTH)
    flag = Source(layout="class_folders", classes=wanted).classes_argument
    assert source.choose_classes(names, flag) == [name for name in names if name in wanted]


def test_a_name_that_was_split_at_its_comma_is_explained() -> None:
    with pytest.raises(CommandError, match=r"'Sedan'.*put a name with a comma in double quotes"):
        source.choose_classes(COMMAS, "Sedan, red")


@pytest.mark.parametrize("wanted", ["-1,1", "1.5,1", "1 2,1", '"Audi, 1'])
def test_a_value_that_is_neither_name_nor_number_is_named(wanted: str) -> None:
    with pytest.raises(CommandError, match="which is not one of the source's 4 classes"):
        source.choose_classes(NAMES, wanted)


def test_a_member_too_large_to_be_a_photo_is_not_read() -> None:
    def read() -> bytes:
        pytest.fail("it was read")

    member = Member("a/1.jpg", source.MAX_PHOTO_BYTES + 1, None, read)
    entry = source.read_member("a/1.jpg", 0, member)
    assert getattr(entry, "reason", None) == "too-large"

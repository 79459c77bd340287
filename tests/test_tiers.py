"""Every place in the table of tiers exists: a file that moves would silently become fast."""

import pytest

from tests.conftest import ROOT
from tests.tiers import SLOW, tier


@pytest.mark.parametrize("place", [place for places in SLOW.values() for place in places])
def test_every_place_exists(place: str) -> None:
    assert (ROOT / "tests" / place).exists()


@pytest.mark.parametrize(
    ("path", "marker"),
    [
        ("end_to_end/test_chain.py", "end_to_end"),
        ("include/local_aws/jobs/transforms/test_sending.py", "server"),
        ("include/local_aws/jobs_of_others/test_one.py", "fast"),
        ("include/config/test_load.py", "fast"),
    ],
)
def test_a_file_has_the_tier_of_its_folder(path: str, marker: str) -> None:
    assert tier(path) == marker

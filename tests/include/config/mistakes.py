"""The check of a mistake in a pipeline's YAML."""

from collections.abc import Sequence

import pytest

from include.config import PipelineError, load_pipeline
from tests.include.conftest import WriteYaml


def check_mistake(content: str, expected: Sequence[str], write_yaml: WriteYaml) -> None:
    """Check that loading fails with one line that has the file and each expected part."""
    file = write_yaml("some_name", content)
    with pytest.raises(PipelineError) as caught:
        load_pipeline(file)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(str(file))
    for part in expected:
        assert part in line
    assert "t0ken" not in line

"""One run of the whole chain, and one more in the same folder, shared by the tests."""

import pytest

from tests.end_to_end.chain_run import ChainRun, run_chain


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> ChainRun:
    """The chain on drawn cars, in an empty folder."""
    return run_chain(tmp_path_factory.mktemp("chain"))


@pytest.fixture(scope="session")
def second_run(first_run: ChainRun) -> ChainRun:
    """The same command again."""
    return run_chain(first_run.folder)

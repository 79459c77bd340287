"""Fixtures: a run of the whole chain, and a second run in the same folder."""

import pytest

from tests.end_to_end.chain_run import ChainRun, run_chain


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> ChainRun:
    """Run the chain on generated cars in an empty folder."""
    return run_chain(tmp_path_factory.mktemp("chain"))


@pytest.fixture(scope="session")
def second_run(first_run: ChainRun) -> ChainRun:
    """Run the same command again."""
    return run_chain(first_run.folder)

"""The former model comes back only where this run put a failing one in its place."""

import pytest

from include.policies.champion import Champion
from include.policies.restoration import decide_restoration


@pytest.mark.parametrize(
    ("serving", "previous", "go", "reason"),
    [
        (None, "config-1", False, "nothing was deployed"),
        ("config-1", "config-1", False, "config-1 serves, not what this run deployed"),
        ("config-2", None, False, "nothing else served before"),
        ("config-2", "config-1", True, "config-2 did not pass its smoke test: config-1 comes back"),
    ],
)
def test_the_decision(serving: str | None, previous: str | None, go: bool, reason: str) -> None:
    champion = Champion("cars", "InService", serving, "model", None) if serving else None
    endpoint = {"config": {"EndpointConfigName": "config-2"}}
    decision = decide_restoration(champion, {"endpoint": endpoint, "previous": previous})
    assert decision.go is go
    assert reason in decision.reason


def test_a_run_that_planned_nothing_restores_nothing() -> None:
    champion = Champion("cars", "InService", "config-1", "model", None)
    assert not decide_restoration(champion, None).go

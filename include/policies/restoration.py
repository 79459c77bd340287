"""The smoke test failed: does the former model have to come back?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.policies.champion import Champion
from include.policies.decision import Decision


def decide_restoration(champion: Champion | None, planned: Mapping[str, Any] | None) -> Decision:
    """Decide whether to bring the former endpoint configuration back.

    Args:
        champion: What serves now, if anything.
        planned: What this run deployed: the request `endpoint`, and as `previous` the name of
            the configuration that served before, if another one did. None where it planned
            nothing.
    """
    if planned is None or champion is None:
        return Decision(False, "nothing was deployed, so there is nothing to restore")
    deployed, previous = planned["endpoint"]["config"]["EndpointConfigName"], planned["previous"]
    if champion.endpoint_config != deployed:
        return Decision(False, f"{champion.endpoint_config} serves, not what this run deployed")
    if previous is None:
        return Decision(False, f"nothing else served before {deployed}, so it is left in place")
    return Decision(True, f"{deployed} did not pass its smoke test: {previous} comes back")

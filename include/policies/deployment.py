"""Does the endpoint already serve what it should?"""

from __future__ import annotations

from include.policies.champion import Champion
from include.policies.decision import Decision
from include.policies.registry import Package


class NothingToDeployError(Exception):
    """There is no model that may serve; the text says how to get one."""


def decide_deployment(
    champion: Champion | None, package: Package, endpoint_config: str, force: bool
) -> Decision:
    """Decide whether to create or update the endpoint.

    Args:
        champion: What serves now, if anything.
        package: What should serve.
        endpoint_config: The endpoint configuration that this needs.
        force: A person asked for it, whatever serves.
    """
    if champion is None:
        return Decision(True, f"nothing serves yet; model package {package.version} will")
    if champion.endpoint_config != endpoint_config:
        now = champion.package.version if champion.package else champion.model
        return Decision(True, f"model package {package.version} replaces {now}")
    if force:
        return Decision(True, f"forced, though model package {package.version} serves")
    return Decision(
        False,
        f"endpoint {champion.endpoint} serves model package {package.version} already, "
        f"on the wanted machines",
    )

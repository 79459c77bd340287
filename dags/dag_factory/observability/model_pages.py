"""URLs of the pages about models in Airflow's UI, for the events of assets.

plugins/model_page serves them. Notifications and the links of tasks lead to the page about a run or
a task instead, `sagemaker_jobs.notifications.urls.page_url`.
"""

from __future__ import annotations

from urllib.parse import quote

PREFIX = "image-models"
"""The path of the pages below Airflow's `base_url`."""


def page_url(pipeline: str, *parts: object) -> str:
    """Return the URL of a page; only while a task runs.

    Args:
        pipeline: The pipeline's name.
        *parts: The path's parts after it, as "data" and a dataset version; none for the pipeline's
            first page.
    """
    from airflow.sdk import conf

    base = str(conf.get("api", "base_url", fallback="") or "http://localhost:8080").rstrip("/")
    path = "/".join(quote(str(part), safe="") for part in (pipeline, *parts))
    return f"{base}/{PREFIX}/{path}" + ("" if parts else "/")


def package_url(pipeline: str, arn: str) -> str:
    """Return the URL of the page about a model package."""
    return page_url(pipeline, "package", arn.rpartition("/")[2])

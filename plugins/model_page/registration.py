"""What Airflow's plugin interface takes: the application, and its entries in the UI.

Airflow shows an entry with `url_route` in a frame. Tabs are on every DAG, run and task of the
installation, since Airflow cannot choose; for a DAG without a model the page says so.
"""

from __future__ import annotations

from typing import Any

from model_page import addresses
from model_page.app import create_app

_TABS = addresses.page("-", "of")

external_views: list[dict[str, Any]] = [
    {
        "name": "Models",
        "href": addresses.page(),
        "destination": "nav",
        "url_route": "image_models",
        "nav_top_level": True,
    },
    {
        "name": "Model",
        "href": f"{_TABS}/{{DAG_ID}}",
        "destination": "dag",
        "url_route": "image_model_of_dag",
    },
    {
        "name": "Model",
        "href": f"{_TABS}/{{DAG_ID}}/{{RUN_ID}}",
        "destination": "dag_run",
        "url_route": "image_model_of_run",
    },
    {
        "name": "Model",
        "href": f"{_TABS}/{{DAG_ID}}",
        "destination": "task",
        "url_route": "image_model_of_task",
    },
]
"""Entries of the UI; each route may exist once in an installation."""

fastapi_apps: list[dict[str, Any]] = [
    {"app": create_app(), "url_prefix": addresses.PREFIX, "name": "Image models"}
]
"""The application; Airflow mounts it without authentication of its own."""

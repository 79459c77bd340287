"""The Airflow plugin of the model page: its web application and its entries in the UI."""

import sys

from airflow.plugins_manager import AirflowPlugin


def is_api_server() -> bool:
    """Return whether this process is Airflow's API server.

    Airflow loads plugins in every process; only the API server serves pages, and only there may the
    application's imports take time.
    """
    return "api-server" in sys.argv[1:2] or "airflow.api_fastapi.main" in sys.modules


class ModelPagePlugin(AirflowPlugin):
    """Registers the application below /image-models, and its entries in Airflow's UI."""

    name = "model_page"

    if is_api_server():
        from model_page.registration import external_views, fastapi_apps

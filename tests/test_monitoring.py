"""The dashboard and the alerts of compose/monitoring query metrics that the code sends."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from dag_factory.observability.metrics import COUNTERS, GAUGES, PREFIX

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "compose" / "monitoring"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana" / "image-models.json").read_text())
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]

MODEL_METRICS = {f"airflow_{PREFIX}_{name}" for name in (*GAUGES, *COUNTERS)}


def job_metrics() -> Iterator[str]:
    """Yield the metrics of `sagemaker_jobs`: the names in calls of `count` and `gauge`."""
    for file in (ROOT / "plugins" / "sagemaker_jobs").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("count", "gauge"):
                name = node.args[0]
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    yield f"airflow_{name.value.replace('.', '_')}"


def dashboard_queries() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def queries() -> list[str]:
    return [*dashboard_queries(), *(rule["expr"] for rule in RULES)]


def metrics_of(query: str) -> set[str]:
    return set(re.findall(r"\bairflow_\w+", query))


@pytest.mark.parametrize("query", queries())
def test_a_query_is_promql_of_metrics_that_are_sent(query: str) -> None:
    # Grafana replaces its variables before Prometheus sees the query.
    promql_parser.parse(query.replace("$pipeline", "merch"))
    assert metrics_of(query)
    assert metrics_of(query) <= MODEL_METRICS | set(job_metrics())


def test_the_dashboard_shows_every_metric() -> None:
    shown = set().union(*map(metrics_of, dashboard_queries()))
    assert MODEL_METRICS | set(job_metrics()) == shown


def test_panels_have_their_own_ids_and_places_and_the_provisioned_source() -> None:
    (source,) = yaml.safe_load((FOLDER / "grafana" / "datasource.yaml").read_text())["datasources"]
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in combinations((panel["gridPos"] for panel in panels), 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)
    for panel in panels:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        used = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert used == [{"type": source["type"], "uid": source["uid"]}] * len(used)
    assert {panel["type"] for panel in panels} <= {"stat", "timeseries"}


def test_the_variable_of_the_dashboard_is_a_label_of_a_metric_that_is_sent() -> None:
    (variable,) = DASHBOARD["templating"]["list"]
    match = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"])
    assert match is not None
    assert match[1] in MODEL_METRICS
    assert (match[2], variable["name"]) == ("pipeline", "pipeline")


def test_each_alert_says_what_happened_and_how_bad_it_is() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]
        assert re.fullmatch(r"\d+[smhd]", rule.get("for", "0s"))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_accepts_the_rules() -> None:
    command = ["promtool", "check", "rules", str(FOLDER / "alerts.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_profile_mounts_existing_files_where_they_are_read() -> None:
    for name in ("statsd-exporter", "prometheus", "grafana"):
        service = SERVICES[name]
        assert service["profiles"] == ["monitoring"]
        mounts = [volume.split(":") for volume in service["volumes"] if volume.startswith("./")]
        assert all((ROOT / mount[0]).is_file() for mount in mounts)
        assert {mount[2] for mount in mounts} == {"ro"}
    prometheus = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())
    mounted = {volume.split(":")[1] for volume in SERVICES["prometheus"]["volumes"]}
    assert set(prometheus["rule_files"]) <= mounted
    (provider,) = yaml.safe_load((FOLDER / "grafana" / "dashboards.yaml").read_text())["providers"]
    grafana = SERVICES["grafana"]
    shown = {volume.split(":")[1] for volume in grafana["volumes"]}
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home in shown
    assert home.startswith(provider["options"]["path"])


def test_airflow_sends_where_the_exporter_listens_with_tags() -> None:
    settings = SERVICES["scheduler"]["environment"]
    assert settings["AIRFLOW__METRICS__STATSD_ON"] == "${STATSD_ON:-false}"
    assert settings["AIRFLOW__METRICS__STATSD_HOST"] == "${STATSD_HOST:-statsd-exporter}"
    assert settings["AIRFLOW__METRICS__STATSD_PREFIX"] == "airflow"
    assert settings["AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED"] == "true"
    (target,) = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())["scrape_configs"]
    assert target["static_configs"] == [{"targets": ["statsd-exporter:9102"]}]

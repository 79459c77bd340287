"""OpenLineage's classes, made from URIs and facts. The only module that imports OpenLineage.

Datasets have OpenLineage's names for S3: the namespace `s3://<bucket>` and the key as the name.
Other URIs are divided likewise. Folders have no slash at the end, so that an output is the next
job's input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sagemaker_jobs.lineage.facts import DatasetFacts

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

FIGURES_FACET = "imageModelFigures"
"""The output facet with figures that OpenLineage has no name for."""


def lineage(
    inputs: Iterable[str],
    outputs: Iterable[str] = (),
    *,
    input_facts: Iterable[DatasetFacts] = (),
    output_facts: Iterable[DatasetFacts] = (),
) -> OperatorLineage[Any, Any]:
    """Return the lineage of a task: datasets of S3 URIs, with the facts about them.

    Args:
        inputs: The URIs that the task read.
        outputs: The URIs that it wrote.
        input_facts: Facts about inputs; a URI that `inputs` lacks is added.
        output_facts: Facts about outputs; likewise.
    """
    from airflow.providers.openlineage.extractors import OperatorLineage

    return OperatorLineage(
        inputs=[_input(facts) for facts in _merged(inputs, input_facts)],
        outputs=[_output(facts) for facts in _merged(outputs, output_facts)],
    )


def _merged(uris: Iterable[str], facts: Iterable[DatasetFacts]) -> list[DatasetFacts]:
    found = {_key(uri): DatasetFacts(uri) for uri in uris if uri}
    found |= {_key(fact.uri): fact for fact in facts if fact.uri}
    return list(found.values())


def _key(uri: str) -> str:
    return uri.rstrip("/")


def _name(uri: str) -> dict[str, str]:
    scheme, _, rest = _key(uri).partition("://")
    host, _, path = rest.partition("/")
    return {"namespace": f"{scheme}://{host}", "name": path or "/"}


def _input(facts: DatasetFacts) -> Any:
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.facet_v2 import data_quality_assertions_dataset as quality

    checks = [
        quality.Assertion(
            assertion=check.name,
            success=check.passed,
            expected=check.expected or None,
            actual=check.actual or None,
        )
        for check in facts.checks
    ]
    facets: dict[str, Any] = {
        "dataQualityAssertions": quality.DataQualityAssertionsDatasetFacet(assertions=checks)
    }
    return InputDataset(
        **_name(facts.uri), facets=_quality(facts), inputFacets=facets if checks else {}
    )


def _output(facts: DatasetFacts) -> Any:
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.facet_v2 import OutputDatasetFacet, output_statistics_output_dataset

    facets: dict[str, Any] = {}
    if facts.rows is not None or facts.bytes is not None:
        statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet
        facets["outputStatistics"] = statistics(rowCount=facts.rows, size=facts.bytes)
    if facts.figures:
        facet = OutputDatasetFacet().with_additional_properties(**_numbers(facts.figures))
        facets[FIGURES_FACET] = facet
    return OutputDataset(**_name(facts.uri), facets=_quality(facts), outputFacets=facets)


def _quality(facts: DatasetFacts) -> dict[str, Any]:
    from openlineage.client.facet_v2 import data_quality_metrics_dataset as quality

    if not facts.distinct:
        return {}
    columns = {
        name: quality.ColumnMetrics(distinctCount=count) for name, count in facts.distinct.items()
    }
    facet = quality.DataQualityMetricsDatasetFacet(columnMetrics=columns, rowCount=facts.rows)
    return {"dataQualityMetrics": facet}


def _numbers(figures: Mapping[str, float]) -> dict[str, float]:
    """Return figures under names that are Python identifiers, as OpenLineage's client requires."""
    return {_identifier(name): value for name, value in figures.items()}


def _identifier(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)

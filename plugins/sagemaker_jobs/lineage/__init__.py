"""OpenLineage of jobs and models: the S3 datasets that they read and write, with figures.

The methods `get_openlineage_facets_on_complete` of operators and sensors call this package. Only
`events` imports OpenLineage, inside its functions: the provider
apache-airflow-providers-openlineage is optional, and nothing calls these methods without it.
"""

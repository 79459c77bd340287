"""What the DAG files share: builders of DAGs and tasks, params, assets, notifications.

Airflow puts the folder of the DAG files on sys.path, so the import name is `dag_factory`.
"""

"""What the DAG files share: how a DAG is made, what its tasks are given, how a task skips.

Airflow puts the folder of the DAG files on sys.path, so this is imported by its bare name.
"""

"""Decisions of the DAGs' tasks, grouped by DAG: what to do, what to skip, and why.

The modules do not import Airflow and do not create AWS clients: callers pass clients in. Each
decision can therefore be tested and tried out on its own.
"""

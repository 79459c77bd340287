"""What a night decides: one file a decision, pure Python with AWS clients passed in.

Nothing here knows Airflow, and nothing opens a connection of its own, so each decision can be
read, tested and tried out by itself.
"""

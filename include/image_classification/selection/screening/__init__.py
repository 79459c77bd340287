"""Screening of incoming photos on the Airflow worker, before a batch transform gets them."""

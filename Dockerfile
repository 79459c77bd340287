# Airflow's image: every service of docker-compose.yaml but the database and the broker.
# The SageMaker image, which runs the jobs, is include/image_classification/Dockerfile.
FROM apache/airflow:3.3.2-python3.11

COPY requirements.txt requirements-production.txt constraints.txt /
RUN pip install --no-cache-dir -r /requirements-production.txt -c /constraints.txt

# DAGs, plugins and what they import. docker-compose.yaml mounts the same folders over these,
# so that an edit is seen at once; an image pushed to a registry runs without any mount.
ENV PYTHONPATH=/opt/airflow:/opt/airflow/plugins
COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 plugins /opt/airflow/plugins
COPY --chown=airflow:0 include /opt/airflow/include

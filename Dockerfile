# Airflow's image: every service of docker-compose.yaml but the database and the broker.
# The SageMaker image, which runs the jobs, is include/image_classification/Dockerfile.
# The tag has no digest yet: `make pin-images` writes it, as it does for the other images.
FROM apache/airflow:3.3.2-python3.11

# With the profile local-aws, jobs run in this image too: MXNet's wheel links against these two
# libraries and does not bring them, and the server's state is in a folder that a volume covers.
# A new volume takes over its owner and mode; any AIRFLOW_UID is in group 0.
USER root
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 libquadmath0 \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=root --group=0 --mode=770 /opt/airflow/local-aws
USER airflow

COPY requirements.txt requirements-production.txt constraints.txt /
RUN pip install --no-cache-dir -r /requirements-production.txt -c /constraints.txt

# DAGs, plugins and what they import. docker-compose.yaml mounts the same folders over these,
# so that an edit is seen at once; an image pushed to a registry runs without any mount.
ENV PYTHONPATH=/opt/airflow:/opt/airflow/plugins
COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 plugins /opt/airflow/plugins
COPY --chown=airflow:0 include /opt/airflow/include

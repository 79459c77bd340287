# Airflow's image: every Airflow service of docker-compose.yaml. It installs the Airflow side only.
# Jobs run in the image of include/image_classification/Dockerfile; with the profile local-aws, in
# that of compose/local-aws.Dockerfile.
# The tag has no digest yet: `make pin-images` writes it, as it does for the other images.
FROM apache/airflow:3.3.2-python3.11

COPY requirements/airflow.txt requirements/production.txt requirements/production-constraints.txt /tmp/
RUN pip install --no-cache-dir -r /tmp/production.txt -c /tmp/production-constraints.txt

# docker-compose.yaml mounts the same folders over these, so that an edit takes effect at once; an
# image pushed to a registry needs no mount.
ENV PYTHONPATH=/opt/airflow:/opt/airflow/plugins
COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 plugins /opt/airflow/plugins
COPY --chown=airflow:0 include /opt/airflow/include

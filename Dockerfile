# Image of the Airflow services of docker-compose.yaml. It contains the Airflow side only.
# Jobs run in the image of include/image_classification/Dockerfile or, with the profile local-aws,
# of compose/local-aws.Dockerfile.
# `make pin-images` adds the digest, as for the other images.
FROM apache/airflow:3.3.2-python3.11

COPY requirements/airflow.txt requirements/production.txt requirements/production-constraints.txt /tmp/
RUN pip install --no-cache-dir -r /tmp/production.txt -c /tmp/production-constraints.txt

# docker-compose.yaml mounts these folders, so that changes take effect at once. An image in a
# registry needs no mounts.
ENV PYTHONPATH=/opt/airflow:/opt/airflow/plugins
COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 plugins /opt/airflow/plugins
COPY --chown=airflow:0 include /opt/airflow/include

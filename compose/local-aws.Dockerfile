# Image of the service local-aws in docker-compose.yaml: the local AWS and the programs of its jobs.
FROM python:3.11.16-slim-trixie@sha256:1042b61448fef4ba92d16a8c7eb4996d027568ce64792a7877fd88511e0af7c6

# MXNet's wheel needs these two libraries and does not contain them. The folders of state and of
# pretrained weights are volumes: a new volume gets the owner and mode of its folder, and all users of
# group 0 can write to it.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 libquadmath0 \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=root --group=0 --mode=770 /opt/program/local-aws \
    && install --directory --owner=root --group=0 --mode=770 /opt/program/weights

COPY requirements/container.txt requirements/local-aws.txt constraints.txt /tmp/
RUN pip install --no-cache-dir --no-compile \
    -r /tmp/container.txt -r /tmp/local-aws.txt -c /tmp/constraints.txt

ENV PYTHONPATH=/opt/program PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY include /opt/program/include
WORKDIR /opt/program

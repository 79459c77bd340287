# The local AWS and the programs of its jobs: the service local-aws of docker-compose.yaml.
FROM python:3.11.16-slim-trixie@sha256:1042b61448fef4ba92d16a8c7eb4996d027568ce64792a7877fd88511e0af7c6

# MXNet's wheel links against these two libraries and does not contain them. The server's state is
# in a folder that a volume covers: a new volume takes its owner and mode, and any user of group 0
# may write there.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 libquadmath0 \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=root --group=0 --mode=770 /opt/program/local-aws

COPY requirements/container.txt requirements/local-aws.txt constraints.txt /tmp/
RUN pip install --no-cache-dir --no-compile \
    -r /tmp/container.txt -r /tmp/local-aws.txt -c /tmp/constraints.txt

ENV PYTHONPATH=/opt/program PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY include /opt/program/include
WORKDIR /opt/program

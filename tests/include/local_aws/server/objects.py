"""Objects in the test bucket."""

from tests.include.local_aws.server.process import ServerProcess

BUCKET = "bucket"


class ServerWithObjects(ServerProcess):
    """A server, with short calls for the objects of its bucket."""

    def put(self, prefix: str, **files: bytes | str) -> str:
        """Store objects `<prefix>/<name>.txt` and return the URI of the prefix."""
        for name, content in files.items():
            self.s3.put_object(Bucket=BUCKET, Key=f"{prefix}/{name}.txt", Body=content)
        return f"s3://{BUCKET}/{prefix}"

    def keys(self, uri: str) -> list[str]:
        prefix = uri.removeprefix(f"s3://{BUCKET}/")
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return [entry["Key"].removeprefix(prefix).lstrip("/") for entry in found]

    def get(self, uri: str) -> bytes:
        key = uri.removeprefix(f"s3://{BUCKET}/")
        content: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content

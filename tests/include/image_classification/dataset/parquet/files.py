"""Parquet files and cards as Hugging Face's library writes them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from tests.include.image_classification.dataset.sample_sources import photo

IMAGE = "STRUCT(bytes BLOB, path VARCHAR)"


def parquet(
    file: Path,
    columns: dict[str, str],
    rows: Sequence[Sequence[Any]],
    names: Sequence[str] | None = None,
    label: str = "label",
) -> None:
    """Write a Parquet file, with the metadata of a ClassLabel if there are names."""
    file.parent.mkdir(parents=True, exist_ok=True)
    features = {"image": {"_type": "Image"}, label: {"names": names, "_type": "ClassLabel"}}
    metadata = json.dumps({"info": {"features": features}}).replace("'", "''")
    options = f", KV_METADATA {{huggingface: '{metadata}'}}" if names else ""
    with duckdb.connect() as database:
        kinds = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        database.execute(f"CREATE TABLE t ({kinds})")
        for row in rows:
            database.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(row))})", list(row))
        database.execute(f"COPY t TO '{file}' (FORMAT parquet{options})")


def image(seed: int, name: str | None = None) -> dict[str, Any]:
    return {"bytes": photo(seed), "path": name}


def card(names: Sequence[str], feature: str = "label") -> str:
    """Return a card as Hugging Face's library writes it."""
    quoted = {name: "'" + name.replace("'", "''") + "'" for name in names}
    lines = [f"          '{number}': {quoted[name]}" for number, name in enumerate(names)]
    return "\n".join([
        "---", "license: other", "dataset_info:", "  features:",
        "  - name: image", "    dtype: image",
        f"  - name: {feature}", "    dtype:", "      class_label:", "        names:", *lines,
        "  splits:", "  - name: train", "    num_bytes: 1", "---", "# Cars", "names:", "  '0': no",
    ])  # fmt: skip

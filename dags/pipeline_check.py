"""No DAG: Airflow shows invalid YAML files of pipelines as the import error of this file.

The error names file, field and allowed values, one line for each mistake. Other pipelines' DAGs are
not affected.
"""

from __future__ import annotations

from include.config import PipelineError, find_mistakes

found = find_mistakes()
if found:
    raise PipelineError("\n".join(found))

"""No DAG: where a pipeline's YAML is wrong, Airflow shows this file's import error.

The error names file, field and what is allowed there, a line for each mistake. The DAGs of the
other pipelines go on.
"""

from __future__ import annotations

from include.config import PipelineError, find_mistakes

found = find_mistakes()
if found:
    raise PipelineError("\n".join(found))

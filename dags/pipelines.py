"""The DAGs of all pipelines in ``include/pipelines``: a new file there is a new DAG."""

from __future__ import annotations

from airflow.sdk import DAG

from vlp.pipelines import pipeline_dags

DAGS: list[DAG] = list(pipeline_dags())
globals().update({dag.dag_id: dag for dag in DAGS})

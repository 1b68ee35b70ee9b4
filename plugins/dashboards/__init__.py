"""The read API of the collections: read-only, pinned to versions, for Airflow's own users."""

import sys
from pathlib import Path

URL_PREFIX = "/dashboards/v1"

# Airflow puts plugins/ on the path of every process, but dags/, where `common` is, only where it parses DAGs.
_DAGS = str(Path(__file__).resolve().parents[2] / "dags")
if _DAGS not in sys.path:
    sys.path.append(_DAGS)

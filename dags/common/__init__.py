"""Everything that knows nothing of Airflow: adapters, transforms, the five verbs and their tools."""

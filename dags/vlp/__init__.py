"""The only Airflow glue: the five tasks, the defaults of every DAG, the commands that run them locally."""

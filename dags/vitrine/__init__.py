"""The command line ``vitrine``: thin callers of the functions that the tasks call, without Airflow."""

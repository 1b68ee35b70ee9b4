"""Pipelines in YAML: a file of ``include/pipelines/<domain>`` read, checked, and made into one SQL query.

What a file describes runs through the same five verbs as a subject whose transforms are written in Python.
Nothing here imports the engine: a file is checked, and its DAG made, without it.
"""

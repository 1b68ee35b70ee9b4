"""``vitrine new``: a pipeline of one's own, in YAML or in Python, that runs as it is written."""

"""The page: a static app of hand-written HTML, CSS and ES modules that reads the API it stands beside."""

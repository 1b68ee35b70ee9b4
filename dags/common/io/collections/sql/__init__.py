"""The versioned store in a SQL database."""

"""Sample data that is the same on every machine."""

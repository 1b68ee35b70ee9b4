"""The versioned store in a folder of Parquet or CSV files."""

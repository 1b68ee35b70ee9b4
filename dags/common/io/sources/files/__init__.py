"""Files: CSV, JSON, NDJSON and Parquet, packed or not, on a disk or in an object store, as Arrow batches."""

from common.io.sources import Adapter
from common.io.sources.files.source import FileSettings, FileSource

__all__ = ["ADAPTER", "FileSettings", "FileSource"]

ADAPTER = Adapter(FileSettings, FileSource)

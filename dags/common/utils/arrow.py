"""Arrow schemas, as short as they can be written."""

from __future__ import annotations

import pyarrow as pa


def schema_of(**columns: pa.DataType) -> pa.Schema:
    """A schema of nullable columns in the order given."""
    return pa.schema(columns)
